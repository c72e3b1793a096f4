"""Functions in lists and in projects: where they live, how they move, and what is shown of them."""

import gzip
import json
import os
import re
from urllib.parse import urlencode

import pytest

from test_functions import CODE, ID, detail, first, name, post


# Lists

def test_functions_are_listed_newest_first(shared):
    made = [shared.create(CODE)["id"] for _ in range(5)]
    assert [f["id"] for f in shared.request("GET", "/api/functions").json][:5] == made[::-1]


def test_a_list_goes_on_where_its_page_ended(shared):
    made = [shared.create(CODE)["id"] for _ in range(5)]
    reply = shared.request("GET", "/api/functions?limit=2")
    assert [f["id"] for f in reply.json] == made[:2:-1]
    following = re.fullmatch(r'<(\?limit=2&before=\w+)>; rel="next"', reply.headers["Link"])[1]
    assert [f["id"] for f in shared.request("GET", "/api/functions" + following).json] == [made[2], made[1]]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=1001", "limit=x", "limit=", "limit=99999999999999999999",
                                   "limit=1.5", "limit=1%00"])
def test_a_page_size_out_of_range_is_refused(shared, query):
    reply = shared.request("GET", f"/api/functions?{query}")
    assert reply.status == 400 if "%00" in query else first(reply)[0] == "query.limit"


def test_an_unknown_cursor_lists_nothing_wrong(shared):
    assert shared.request("GET", f"/api/functions?before={ID}").status in (200, 422)
    assert shared.request("GET", "/api/functions?before=%27%20or%201=1").status in (200, 422)


# Projects

@pytest.fixture(scope="module")
def projects(shared):
    """Two projects of the owner's."""
    made = [shared.request("POST", "/api/projects", {"name": name()}) for _ in range(2)]
    assert all(reply.status == 200 for reply in made), [reply.body for reply in made]
    return [reply.json for reply in made]


def test_a_function_lives_in_its_project(shared, projects):
    one, two = projects
    fn = shared.create(CODE, project_id=one["id"])
    assert fn["project_id"] == one["id"]
    for key in one["id"], one["slug"]:
        listed = shared.request("GET", f"/api/projects/{key}/functions").json
        assert listed[0] == fn and listed[0]["code"] == CODE, "the newest first, with its code"
    assert fn["id"] not in [f["id"] for f in shared.request("GET", f"/api/projects/{two['id']}/functions").json]
    assert shared.create(CODE, project_id=None)["project_id"] is None
    assert detail(shared.request("GET", f"/api/projects/{ID}/functions"), 404) == "Project not found"


def test_names_are_unique_within_a_project(shared, projects):
    wanted = name()
    in_one, in_two = (shared.create(CODE, name=wanted, project_id=p["id"]) for p in projects)
    assert wanted in detail(post(shared, {"name": wanted, "code": CODE, "project_id": projects[0]["id"]}), 409)
    assert projects[0]["slug"] in detail(shared.request("GET", f"/api/functions/{wanted}"), 409), "which one?"
    assert wanted in detail(shared.request("PUT", f"/api/functions/{in_two['id']}", {"project_id": projects[0]["id"]}), 409)
    assert shared.request("GET", f"/api/functions/{in_one['id']}").status == 200


def test_moving_keeps_versions_and_changes_the_lists(shared, projects):
    one, two = projects
    fn = shared.create(CODE)
    path = f"/api/functions/{fn['id']}"
    for project in one["id"], two["id"], None:
        moved = shared.request("PUT", path, {"project_id": project}).json
        assert moved["project_id"] == project and moved["active_version"] == 1
        for p in projects:
            listed = [f["id"] for f in shared.request("GET", f"/api/projects/{p['id']}/functions").json]
            assert (fn["id"] in listed) == (p["id"] == project)
    assert shared.call(fn, 1)["output"] == 1


def test_a_moved_function_has_the_variables_of_its_new_project_with_its_next_call(shared, projects):
    for n, project in enumerate(projects):
        body = {"key": "WHERE", "value": f"in {n}"}
        assert shared.request("POST", f"/api/projects/{project['id']}/env", body).status == 200
    fn = shared.create("import os\ndef handler(event): return os.environ.get('WHERE')", project_id=projects[0]["id"])
    path = f"/api/functions/{fn['id']}"
    assert shared.call(fn)["output"] == "in 0"
    for project, seen in ((projects[1]["id"], "in 1"), (None, None), (projects[0]["id"], "in 0")):
        assert shared.request("PUT", path, {"project_id": project}).status == 200
        assert shared.call(fn)["output"] == seen
    assert len(shared.records(fn)) == 4, "its records come along"


def test_a_route_holds_a_function_in_its_project(shared, projects):
    one, two = projects
    fn = shared.create(CODE, project_id=one["id"])
    route = {"function_id": fn["id"], "method": "GET", "path": f"/{fn['name']}"}
    made = shared.request("POST", f"/api/projects/{one['id']}/routes", route).json
    held = detail(shared.request("PUT", f"/api/functions/{fn['id']}", {"project_id": two["id"]}), 409)
    assert held == f"1 route of its project leads to '{fn['name']}': remove them before it moves"
    assert shared.request("DELETE", f"/api/projects/{one['id']}/routes/{made['id']}").status == 200
    assert shared.request("PUT", f"/api/functions/{fn['id']}", {"project_id": two["id"]}).json["project_id"] == two["id"]


def test_a_foreign_project_is_refused_like_one_that_is_not_there(shared):
    for body in {"project_id": ID}, {"project_id": "x" * 1000}, {"project_id": "'; --"}:
        place, kind, msg = first(post(shared, {"name": name(), "code": CODE, **body}))
        assert (place, kind, msg) == ("body.project_id", "value_error", "Value error, Project not found")


def test_a_list_can_be_narrowed(shared, projects):
    fn, other = shared.create(CODE, project_id=projects[0]["id"]), shared.create(CODE)

    def ids(query):
        reply = shared.request("GET", f"/api/functions?{query}")
        assert reply.status == 200, reply.body
        return [f["id"] for f in reply.json]

    assert ids(f"name={fn['name']}") == [fn["id"]] and ids("name=nobody") == []
    for key in projects[0]["id"], projects[0]["slug"]:
        assert fn["id"] in ids(f"project={key}") and other["id"] not in ids(f"project={key}")
    assert other["id"] in ids("project=") and fn["id"] not in ids("project=")
    assert ids(f"project={projects[0]['slug']}&name={other['name']}") == []
    assert first(shared.request("GET", "/api/functions?project=none"))[0] == "query.project"
    reply = shared.request("GET", f"/api/functions?project={projects[0]['slug']}&limit=1")
    assert reply.headers["Link"] == f'<?project={projects[0]["slug"]}&limit=1&before={fn["id"]}>; rel="next"'


def test_a_list_can_be_searched_by_a_part_of_the_name(shared):
    def names(part):
        return {f["name"] for f in shared.request("GET", "/api/functions?" + urlencode({"q": part})).json}

    mark = "q" + os.urandom(6).hex()
    for name in (f"{mark} Send_Mail", f"{mark}-sendXmail"):
        shared.create(CODE, name=name)
    assert names(f"{mark.upper()} send_MAIL") == {f"{mark} Send_Mail"}
    assert names(f"{mark}") == {f"{mark} Send_Mail", f"{mark}-sendXmail"}
    for nothing in (f"{mark} Send%", f"{mark}_", f"{mark}\\", "\u00e4\u1e9e" + mark):
        assert names(nothing) == set()


def test_a_list_follows_every_acknowledged_change(shared, projects):
    fn = shared.create(CODE, project_id=projects[0]["id"])
    for n in range(30):
        shared.request("PUT", f"/api/functions/{fn['id']}", {"description": str(n)})
        for path in "/api/functions?limit=3", f"/api/projects/{projects[0]['id']}/functions":
            shown = [f["description"] for f in shared.request("GET", path).json if f["id"] == fn["id"]]
            assert shown == [str(n)], path
    shared.request("DELETE", f"/api/functions/{fn['id']}")
    assert fn["id"] not in [f["id"] for f in shared.request("GET", "/api/functions?limit=3").json]


def test_a_deploy_goes_into_the_project_it_names(shared, projects):
    one, two = projects
    wanted = name()
    files = {"main.py": CODE.encode()}
    fn = shared.deploy(files, wanted, project=one["slug"]).json
    assert fn["project_id"] == one["id"] and fn["active_version"] == 1
    again = shared.deploy(files, wanted, project=one["id"]).json
    assert again["id"] == fn["id"] and again["active_version"] == 2
    manifest = json.dumps({"project": two["slug"]}).encode()
    elsewhere = shared.deploy({**files, "virga.json": manifest}, wanted).json
    assert elsewhere["id"] != fn["id"] and elsewhere["project_id"] == two["id"]
    won = shared.deploy({**files, "virga.json": manifest}, wanted, project=one["slug"]).json
    assert won["id"] == fn["id"] and won["active_version"] == 3, "the query wins"
    assert shared.deploy(files, wanted).json["project_id"] is None
    assert first(shared.deploy(files, wanted, project="none"))[0] == "query.project"
    assert first(shared.deploy({**files, "virga.json": b'{"project": "none"}'}, wanted))[0] == "body.virga_json.project"
    assert first(shared.deploy({**files, "virga.json": b'{"project": null}'}, wanted))[0] == "body.virga_json.project"


def test_long_answers_shrink_for_who_takes_gzip_but_never_records_of_calls(shared):
    """Records hold what strangers sent beside what others did: their length must not tell (BREACH)."""
    fn = shared.create("def handler(event): return event\n" + "# filler\n" * 1000)
    shared.call(fn, "x" * 10000)
    paths = [f"/api/functions/{fn['id']}", "/api/functions?limit=3", f"/api/functions/{fn['id']}/versions",
             f"/api/functions/{fn['id']}/versions/1/files", f"/api/functions/{fn['id']}/stats"]
    for path in paths:
        plain, packed = (shared.request("GET", path, headers={"Accept-Encoding": coding}) for coding in ("identity", "gzip, br"))
        assert plain.headers["Content-Encoding"] is None and plain.headers["Vary"] == "Accept-Encoding"
        assert packed.headers["Content-Encoding"] == "gzip" and len(packed.body) < len(plain.body) / 3
        assert path.endswith("stats") or gzip.decompress(packed.body) == plain.body
    for path in (f"/api/functions/{fn['id']}/invocations", "/api/invocations", "/api/invocations/export", f"/api/invoke/{fn['id']}"):
        reply = shared.request("POST" if "invoke/" in path else "GET", path, {"input": "x" * 10000} if "invoke/" in path else None,
                               headers={"Accept-Encoding": "gzip"})
        assert reply.status == 200 and reply.headers["Content-Encoding"] is None and len(reply.body) > 10000
