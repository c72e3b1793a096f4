"""Projects, their members, variables and domains, asked by careless clients: every error has its row, and nothing is
ever a 500."""

import os
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from virga import until

ID = "0123456789abcdef01234567"
SHOW = "import os\ndef handler(event): return {key: os.environ.get(key) for key in event['keys']}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def name():
    return f"Project {os.urandom(6).hex()}"


def detail(reply, status):
    assert reply.status == status, (reply.status, reply.body)
    return reply.json["detail"]


def first(reply):
    """The one entry of a 422: its place as "body.name", and its type."""
    entries = detail(reply, 422)
    assert isinstance(entries, list) and set(entries[0]) >= {"type", "loc", "msg"}, entries
    return ".".join(map(str, entries[0]["loc"])), entries[0]["type"]


def ok(reply):
    assert reply.status == 200, (reply.status, reply.body)
    return reply.json


def make(server, wanted=None, **fields):
    return ok(server.request("POST", "/api/projects", {"name": wanted or name(), **fields}))


def at(project, *rest):
    return "/".join(["/api/projects", project["id"], *rest])


# Projects

def test_a_new_project_has_the_documented_fields(shared):
    wanted = name()
    project = make(shared, f"  {wanted} ")
    assert project["name"] == wanted and project["slug"] == wanted.lower().replace(" ", "-")
    assert project["description"] == "" and project["status"] == "active" and project["function_count"] == 0
    assert project["requirements_txt"] == "" and project["has_database"] is False
    assert re.fullmatch("[0-9a-f]{24}", project["id"])
    assert re.fullmatch(TIME, project["created_at"]) and re.fullmatch(TIME, project["updated_at"])
    assert project["role"] == "owner" and project["cors"]["enabled"] is False
    assert project["gateway_url"] == f"/api/gateway/{project['slug']}"
    assert ok(shared.request("GET", at(project))) == project
    assert ok(shared.request("GET", f"/api/projects/{project['slug']}")) == project, "by its slug as well"


def test_projects_are_listed_newest_first_page_by_page(shared):
    made = [make(shared)["id"] for _ in range(5)]
    assert [p["id"] for p in ok(shared.request("GET", "/api/projects"))][:5] == made[::-1]
    page = shared.request("GET", "/api/projects?limit=2")
    assert [p["id"] for p in ok(page)] == made[:2:-1]
    link = re.fullmatch(r"<(\?.*)>; rel=\"next\"", page.headers["Link"]).group(1)
    assert [p["id"] for p in ok(shared.request("GET", "/api/projects" + link))] == made[2:0:-1]
    for limit in "0", "1001", "x", "-1":
        assert first(shared.request("GET", f"/api/projects?limit={limit}"))[0] == "query.limit"


@pytest.mark.parametrize("body, place, kind", [
    ({}, "body.name", "missing"),
    ({"name": None}, "body.name", "string_type"),
    ({"name": 7}, "body.name", "string_type"),
    ({"name": ""}, "body.name", "string_too_short"),
    ({"name": " \t"}, "body.name", "value_error"),
    ({"name": "x" * 101}, "body.name", "value_error"),
    ({"name": "x" * (1 << 20)}, "body.name", "value_error"),
    ({"name": "a\x1b[31m"}, "body.name", "value_error"),
    ({"name": "a", "description": None}, "body.description", "string_type"),
    ({"name": "a", "description": "x" * 1001}, "body.description", "string_too_long"),
    ([], "body", "dict_type"),
])
def test_what_is_no_project_is_refused(shared, body, place, kind):
    assert first(shared.request("POST", "/api/projects", body)) == (place, kind)


def test_a_body_with_a_member_twice_or_with_nul_is_refused(shared):
    for body in '{"name":"a","name":"b"}', '{"name":"a\\u0000"}', '{"name":', "":
        reply = shared.request("POST", "/api/projects", body, headers={"Content-Type": "application/json"})
        assert reply.status == 422, reply.body


@pytest.mark.parametrize("wanted, slug", [
    ("My %s API", "my-%s-api"), ("  Hello__%s__World  ", "hello-%s-world"), ("foo.%s.bar", "foo%sbar"),
    ("C++ / %s#", "c-%s"), ("Über %s Café", "über-%s-café"), ("東京 %s", "東京-%s")])
def test_a_slug_follows_the_name(shared, wanted, slug):
    unique = os.urandom(6).hex()
    assert make(shared, wanted % unique)["slug"] == slug % unique


def test_a_name_without_letters_still_has_a_slug(shared):
    assert re.fullmatch(r"project(-\w+)?", make(shared, "!!!")["slug"])


def test_saving_the_same_name_keeps_the_gateway_url(shared):
    project = make(shared)
    twin = make(shared, project["name"])
    assert twin["slug"] == project["slug"] + "-1"
    for _ in range(2):
        saved = ok(shared.request("PUT", at(twin), {"name": twin["name"], "description": "new"}))
        assert saved["slug"] == twin["slug"] and saved["description"] == "new"
    renamed = ok(shared.request("PUT", at(twin), {"name": name()}))
    assert renamed["slug"] == renamed["name"].lower().replace(" ", "-")
    assert ok(shared.request("PUT", at(twin), {})) == renamed, "nothing wanted, nothing changed"


def test_the_same_name_at_the_same_moment_is_never_an_error(shared):
    wanted = name()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make(shared, wanted), range(24)))
    assert len({p["slug"] for p in made}) == 24


@pytest.mark.parametrize("body, place", [
    ({"name": None}, "body.name"), ({"description": None}, "body.description"), ({"status": None}, "body.status"),
    ({"status": "deleted"}, "body.status"), ({"cors": None}, "body.cors"), ({"cors": []}, "body.cors"),
    ({"cors": {"enabled": "yes"}}, "body.cors.enabled"), ({"cors": {"origins": ["x"]}}, "body.cors.origins.0"),
    ({"cors": {"origins": "*", "credentials": True}}, "body.cors.origins")])
def test_explicit_nulls_and_wrong_values_change_nothing(shared, body, place):
    project = make(shared)
    assert first(shared.request("PUT", at(project), body))[0] == place
    assert ok(shared.request("GET", at(project))) == project


def test_a_project_can_be_switched_off(shared):
    project = make(shared)
    assert ok(shared.request("PUT", at(project), {"status": "inactive"}))["status"] == "inactive"
    assert ok(shared.request("GET", at(project)))["status"] == "inactive"


def test_cors_settings_are_kept(shared):
    project = make(shared)
    wanted = {"enabled": True, "origins": ["https://app.example", "http://localhost:5173"], "methods": ["GET"],
              "headers": ["X-A"], "exposed": [], "credentials": True, "max_age_s": 60}
    assert ok(shared.request("PUT", at(project), {"cors": wanted}))["cors"] == wanted
    assert ok(shared.request("GET", at(project)))["cors"] == wanted


def test_a_deleted_project_is_gone_with_its_functions(shared):
    project = make(shared)
    fn = shared.create("def handler(event): return 1", project_id=project["id"])
    assert ok(shared.request("GET", at(project)))["function_count"] == 1
    assert shared.call(fn)["output"] == 1
    assert ok(shared.request("DELETE", at(project))) == {"detail": "Project deleted"}
    for method, body in ("GET", None), ("PUT", {"name": "x"}), ("DELETE", None):
        assert detail(shared.request(method, at(project), body), 404) == "Project not found"
    assert detail(shared.invoke(fn), 404) == "Function not found"


@pytest.mark.parametrize("method, rest, body", [
    ("GET", "", None), ("PUT", "", {"name": "x"}), ("DELETE", "", None), ("GET", "/members", None),
    ("PUT", "/members/owner", {"role": "owner"}), ("DELETE", "/members/owner", None), ("GET", "/env", None),
    ("POST", "/env", {"key": "K", "value": "v"}), ("PUT", "/env", {"variables": []}), ("DELETE", "/env/K", None),
    ("POST", "/env/K/reveal", None), ("GET", "/domains", None), ("POST", "/domains", {"domain": "a.example"}),
    ("DELETE", "/domains/a.example", None), ("GET", "/audit", None)])
def test_what_does_not_exist_is_404_and_strangers_are_401(shared, method, rest, body):
    assert detail(shared.request(method, f"/api/projects/{ID}{rest}", body), 404) == "Project not found"
    assert detail(shared.request(method, f"/api/projects/{ID}{rest}", body, key=None), 401) == "Missing auth token"
    assert shared.request(method, f"/api/projects/%ff{rest}", body).status == 400


# Members

def test_the_first_owner_stays_while_there_is_no_other(shared):
    project = make(shared)
    (member,) = ok(shared.request("GET", at(project, "members")))
    assert member["account_id"] == "owner" and member["role"] == "owner" and re.fullmatch(TIME, member["created_at"])
    assert set(member) == {"account_id", "name", "email", "role", "created_at"}
    assert "needs an owner" in detail(shared.request("DELETE", at(project, "members", "owner")), 409)
    reply = shared.request("PUT", at(project, "members", "owner"), {"role": "viewer"})
    assert "needs an owner" in detail(reply, 409)
    assert detail(shared.request("PUT", at(project, "members", "nobody"), {"role": "viewer"}), 404) == "Account not found"
    assert first(shared.request("PUT", at(project, "members", "owner"), {"role": "king"}))[0] == "body.role"


# Variables

def set_variable(server, project, key, value, **more):
    return ok(server.request("POST", at(project, "env"), {"key": key, "value": value, **more}))


def test_a_variable_has_the_documented_fields_and_its_secret_is_masked(shared):
    project = make(shared)
    made = set_variable(shared, project, "TOKEN", "s3cret")
    assert made["key"] == "TOKEN" and made["value"] == "****" and made["is_secret"] is True
    assert set(made) == {"id", "key", "value", "is_secret", "created_at", "updated_at"}
    assert re.fullmatch(TIME, made["created_at"]) and re.fullmatch(TIME, made["updated_at"])
    set_variable(shared, project, "MODE", "fast", is_secret=False)
    assert [(v["key"], v["value"]) for v in ok(shared.request("GET", at(project, "env")))] == \
        [("MODE", "fast"), ("TOKEN", "****")]
    again = set_variable(shared, project, "TOKEN", "other")
    assert again["id"] == made["id"] and again["created_at"] == made["created_at"]


@pytest.mark.parametrize("body, place", [
    ({}, "body.key"), ({"key": "K"}, "body.value"), ({"key": None, "value": "v"}, "body.key"),
    ({"key": "K", "value": None}, "body.value"), ({"key": "K", "value": 1}, "body.value"),
    ({"key": "K", "value": "v", "is_secret": None}, "body.is_secret"), ({"key": "", "value": "v"}, "body.key"),
    ({"key": "1A", "value": "v"}, "body.key"), ({"key": "A-B", "value": "v"}, "body.key"),
    ({"key": "K" * 257, "value": "v"}, "body.key"), ({"key": "PATH", "value": "v"}, "body.key"),
    ({"key": "LD_PRELOAD", "value": "v"}, "body.key"), ({"key": "VIRGA_X", "value": "v"}, "body.key"),
    ({"key": "K", "value": "v" * 32769}, "body.value"), ({"key": "K", "value": "v" * (1 << 20)}, "body.value"),
    ({"key": "NEW", "value": "****"}, "body.value")])
def test_what_is_no_variable_is_refused(shared, body, place):
    assert first(shared.request("POST", at(make(shared), "env"), body))[0] == place


def test_functions_get_the_variables_at_once(shared):
    project = make(shared)
    set_variable(shared, project, "A", "1")
    set_variable(shared, project, "B", "2")
    fn = shared.create(SHOW, project_id=project["id"], environment={"B": "own"})
    assert shared.call(fn, {"keys": ["A", "B"]})["output"] == {"A": "1", "B": "own"}
    set_variable(shared, project, "A", "changed")
    assert shared.call(fn, {"keys": ["A"]})["output"] == {"A": "changed"}
    set_variable(shared, project, "A", "****")
    assert shared.call(fn, {"keys": ["A"]})["output"] == {"A": "changed"}, "the mask keeps what is stored"
    ok(shared.request("DELETE", at(project, "env", "A")))
    assert shared.call(fn, {"keys": ["A"]})["output"] == {"A": None}


def test_the_whole_environment_is_replaced_or_nothing(shared):
    project = make(shared)
    set_variable(shared, project, "OLD", "1")
    set_variable(shared, project, "KEPT", "2")
    body = {"variables": [{"key": "KEPT", "value": "****"}, {"key": "NEW", "value": "3", "is_secret": False}]}
    assert [v["key"] for v in ok(shared.request("PUT", at(project, "env"), body))] == ["KEPT", "NEW"]
    bad = {"variables": [{"key": "FINE", "value": "1"}, {"key": "NOT FINE", "value": "2"}]}
    assert first(shared.request("PUT", at(project, "env"), bad))[0] == "body.variables.1.key"
    assert [v["key"] for v in ok(shared.request("GET", at(project, "env")))] == ["KEPT", "NEW"]


def test_a_variable_that_is_not_there_cannot_be_deleted(shared):
    project = make(shared)
    set_variable(shared, project, "K", "v")
    assert ok(shared.request("DELETE", at(project, "env", "K"))) == {"detail": "Env var 'K' deleted"}
    assert detail(shared.request("DELETE", at(project, "env", "K")), 404) == "Env var 'K' not found"


def test_revealing_a_secret_leaves_a_line_in_the_audit_log(shared):
    project = make(shared)
    set_variable(shared, project, "TOKEN", "s3cret")
    reply = shared.request("POST", at(project, "env", "TOKEN", "reveal"))
    assert ok(reply) == {"key": "TOKEN", "value": "s3cret"} and reply.headers["Cache-Control"] == "no-store"
    lines = ok(shared.request("GET", at(project, "audit")))
    assert lines[0]["action"] == "variable.reveal" and lines[0]["detail"] == "TOKEN"
    assert detail(shared.request("POST", at(project, "env", "NONE", "reveal")), 404) == "Env var 'NONE' not found"


@pytest.mark.sqlite
def test_no_value_lies_in_the_store_or_the_log_in_clear(server):
    project = make(server, "Visible Name")
    set_variable(server, project, "A", "s3cret-value")
    set_variable(server, project, "B", "pl4in-value", is_secret=False)
    ok(server.request("POST", at(project, "env", "A", "reveal")))
    server.stop()
    bytes_of = b"".join(p.read_bytes() for p in server.data.iterdir() if p.name.startswith("virga.db"))
    assert b"Visible Name" in bytes_of
    for value in b"s3cret-value", b"pl4in-value":
        assert value not in bytes_of and value not in server.log_text().encode()


def test_variables_survive_a_restart(server):
    project = make(server)
    set_variable(server, project, "A", "1")
    fn = server.create(SHOW, project_id=project["id"])
    server.stop()
    server.start()
    assert server.call(fn, {"keys": ["A"]})["output"] == {"A": "1"}


# Domains

def test_a_domain_belongs_to_one_project(shared):
    project, other = make(shared), make(shared)
    domain = f"{os.urandom(6).hex()}.Example.com"
    made = ok(shared.request("POST", at(project, "domains"), {"domain": domain}))
    assert made["domain"] == domain.lower() and re.fullmatch(TIME, made["created_at"])
    assert ok(shared.request("GET", at(project, "domains"))) == [made]
    assert "another project" in detail(shared.request("POST", at(other, "domains"), {"domain": domain}), 409)
    ok(shared.request("DELETE", at(project, "domains", domain)))
    assert "not found" in detail(shared.request("DELETE", at(project, "domains", domain)), 404)
    ok(shared.request("POST", at(other, "domains"), {"domain": domain}))


@pytest.mark.parametrize("domain", [None, 7, "", "localhost", "a", "127.0.0.1", "[::1]", "a.b:80", "a_b.c", "-a.b",
                                    "a..b", "*.a.b", "x.localhost", "bücher.example", "a" * 64 + ".b", "a." * 130])
def test_what_is_no_domain_is_refused(shared, domain):
    assert first(shared.request("POST", at(make(shared), "domains"), {"domain": domain}))[0] == "body.domain"


# Many

@pytest.mark.sqlite
def test_a_thousand_projects_do_not_hold_up_the_start(server):
    make(server, "First")
    server.stop()
    with sqlite3.connect(server.data / "virga.db") as db:
        for i in range(1000):
            db.execute("INSERT INTO projects (id, slug, name, description, status, requirements_txt, cors, created_us,"
                       " updated_us) SELECT ? || id, ? || slug, name, description, status, requirements_txt,"
                       " cors, created_us - ?, updated_us FROM projects WHERE slug = 'first'", (f"{i:04}", f"{i:04}", i))
        db.execute("INSERT INTO project_members SELECT p.id, 'owner', 3, 0 FROM projects p WHERE p.slug <> 'first'")
    db.close()
    server.start()
    page = until(lambda: ok(server.request("GET", "/api/projects")), "the list of projects")
    assert len(page) == 1000 and page[0]["slug"] == "first"
