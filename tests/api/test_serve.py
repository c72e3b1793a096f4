"""What the wiring adds: other origins' pages, SIGHUP, quotas that change, accounts that go."""

import os
import signal
import sqlite3
import subprocess

import pytest

from test_gateway import far_from_midnight
from virga import PROGRAM, Server, until

APP, OTHER = "https://app.example", "http://other.example:3000"
PASSWORD = "correct horse battery"


def ok(reply):
    assert reply.status == 200, (reply.status, reply.body)
    return reply.json


# --- the API from pages of other origins ---

@pytest.fixture(scope="module")
def two_origins(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("origins"), "--cors-origins", f"{APP}, {OTHER}") as running:
        yield running


@pytest.fixture(scope="module")
def any_origin(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("any"), "--cors-origins", "*") as running:
        yield running


def ask(server, origin, path="/api/functions", method="GET", **headers):
    return server.request(method, path, headers={**({"Origin": origin} if origin else {}), **headers})


def cors(reply):
    return {name.lower()[len("access-control-"):]: value for name, value in reply.headers.items()
            if name.lower().startswith("access-control-")}


def preflight(server, origin, method="PUT", headers="authorization, content-type"):
    return server.request("OPTIONS", "/api/functions/x", key=False, headers={
        "Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers})


def test_pages_of_named_origins_may_read_answers_and_no_others(two_origins):
    for origin in APP, OTHER:
        reply = ask(two_origins, origin)
        assert reply.status == 200 and cors(reply) == {
            "allow-origin": origin, "allow-credentials": "true",
            "expose-headers": "Link, Retry-After, RateLimit, RateLimit-Policy"}
        assert "Origin" in reply.headers["Vary"]
    for origin in ("https://evil.example", "https://app.example.evil.example", "https://app.example:8443", "http://app.example",
                   "https://APP.example", "null", f"{APP},{OTHER}", f"{APP}/", ""):
        reply = ask(two_origins, origin)
        assert cors(reply) == {} and "Origin" in reply.headers["Vary"], "caches keep them apart"


def test_refusals_can_be_read_by_the_page_too(two_origins):
    assert cors(two_origins.request("GET", "/api/functions", key=False, headers={"Origin": APP}))["allow-origin"] == APP
    for path, status in (("/api/functions/000000000000000000000000", 404), ("/api/none", 404)):
        reply = ask(two_origins, APP, path)
        assert reply.status == status and cors(reply)["allow-origin"] == APP


def test_preflights_are_answered_for_named_origins_only(two_origins):
    reply = preflight(two_origins, APP)
    assert reply.status == 204 and reply.body == b"" and "Origin" in reply.headers["Vary"]
    assert cors(reply) == {**cors(reply), "allow-origin": APP, "allow-credentials": "true", "max-age": "600",
                           "allow-headers": "authorization, content-type"}
    assert {"GET", "POST", "PUT", "DELETE", "PATCH"} <= set(cors(reply)["allow-methods"].split(", "))
    refused = preflight(two_origins, "https://evil.example")
    assert refused.status == 400 and cors(refused) == {} and refused.json["detail"] == "Disallowed CORS origin"


def test_any_origin_comes_without_credentials(any_origin):
    for origin in APP, "null":
        reply = ask(any_origin, origin)
        assert cors(reply)["allow-origin"] == "*" and "allow-credentials" not in cors(reply)
        assert preflight(any_origin, origin).status == 204


def test_without_the_option_no_page_of_another_origin_reads_anything(shared):
    assert cors(ask(shared, APP)) == {} and "Vary" not in ask(shared, APP).headers
    assert preflight(shared, APP).status in (400, 405) and cors(preflight(shared, APP)) == {}


@pytest.mark.parametrize("value", ["app.example", "https://app.example/", "https://", "ftp://app.example", "https://a b", "", "*,https://a.example"])
def test_what_is_no_origin_is_refused_at_the_start(tmp_path, value):
    ended = subprocess.run([PROGRAM, "serve", "--data-dir", tmp_path / "data", f"--cors-origins={value}"], capture_output=True,
                           text=True, timeout=20)
    assert ended.returncode == 2 and "--cors-origins: takes origins like" in ended.stderr


# --- SIGHUP ---

@pytest.mark.sqlite
def test_a_hangup_reads_everything_anew(tmp_path):
    with Server(tmp_path) as server:
        kept, gone = server.create("def handler(e): return 'kept'"), server.create("def handler(e): return 'gone'")
        project = ok(server.request("POST", "/api/projects", {"name": "to go"}))
        routed = server.create("def handler(e): return 'routed'", project_id=project["id"])
        ok(server.request("POST", f"/api/projects/{project['id']}/routes",
                          {"function_id": routed["id"], "method": "GET", "path": "/r"}))
        assert all(server.invoke(f).status == 200 for f in (kept, gone, routed))
        with sqlite3.connect(server.data / "virga.db") as db:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("DELETE FROM functions WHERE id = ?", (gone["id"],))
            db.execute("DELETE FROM projects WHERE id = ?", (project["id"],))
        db.close()
        assert server.invoke(gone).status == 200, "nobody told the server"
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "everything was read anew" in server.log_text(), "it is done")
        assert server.call(kept)["output"] == "kept"
        assert server.invoke(gone).status == server.invoke(routed).status == 404
        assert server.request("GET", f"/api/gateway/{project['slug']}/r", key=False).status == 404


# --- accounts ---

def register(server):
    name = f"u{os.urandom(5).hex()}"
    made = ok(server.request("POST", "/api/register", {"name": name, "password": PASSWORD}, key=False))
    return made["account"]["id"], made["token"]


def of(server, token, **fields):
    return ok(server.request("POST", "/api/functions", {"name": os.urandom(6).hex(), "code": "def handler(e): return 1", **fields},
                             key=token))


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("accounts"), "--registration", "open") as running:
        yield running


def test_a_quota_counts_from_the_moment_it_is_given(joined):
    far_from_midnight()
    account, token = register(joined)
    fn = of(joined, token)
    for _ in range(3):
        assert joined.invoke(fn).status == 200
    assert len(joined.request("GET", f"/api/functions/{fn['id']}/invocations", key=token).json) == 3, "the records are there"
    ok(joined.request("PUT", f"/api/accounts/{account}", {"quotas": {"calls_per_day": 5}}))
    assert [joined.invoke(fn).status for _ in range(3)] == [200, 200, 429]
    ok(joined.request("PUT", f"/api/accounts/{account}", {"quotas": {"calls_per_day": 7}}))
    assert [joined.invoke(fn).status for _ in range(3)] == [200, 200, 429]
    ok(joined.request("PUT", f"/api/accounts/{account}", {"quotas": {"calls_per_day": None}}))
    assert joined.invoke(fn).status == 200


def test_an_account_cannot_go_and_leave_functions_behind(joined):
    account, token = register(joined)
    fn = of(joined, token)
    assert joined.invoke(fn).status == 200
    refused = joined.request("DELETE", f"/api/accounts/{account}")
    assert refused.status == 409 and "function" in refused.json["detail"]
    assert joined.request("DELETE", f"/api/functions/{fn['id']}", key=token).status == 200
    assert joined.request("DELETE", f"/api/accounts/{account}").status == 200
    assert joined.invoke(fn).status == 404 and joined.request("GET", "/api/account", key=token).status == 401


def test_a_project_goes_on_when_the_account_that_made_its_functions_goes(joined):
    account, token = register(joined)
    project = ok(joined.request("POST", "/api/projects", {"name": os.urandom(6).hex()}))
    ok(joined.request("PUT", f"/api/projects/{project['id']}/members/{account}", {"role": "editor"}))
    fn = of(joined, token, project_id=project["id"], access="private")
    assert joined.invoke(fn, key=token).status == 200
    assert joined.request("DELETE", f"/api/accounts/{account}").status == 200
    assert joined.invoke(fn).status == 200 and joined.invoke(fn, key=token).status == 401
