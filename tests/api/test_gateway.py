"""Projects' routes: who may change them, which one a request takes, what the function sees and what goes back."""

import base64
import http.client
import json
import os
import re
import sqlite3
import time

import pytest

from virga import Server, until

ECHO = "def handler(event): return event"


class Project:
    def __init__(self, server):
        self.server = server
        reply = server.request("POST", "/api/projects", {"name": f"p{os.urandom(4).hex()}"})
        assert reply.status == 200, reply.body
        self.id, self.slug = reply.json["id"], reply.json["slug"]

    def change(self, **fields):
        reply = self.server.request("PUT", f"/api/projects/{self.id}", fields)
        assert reply.status == 200, reply.body
        return self

    def function(self, code=ECHO, **fields):
        return self.server.create(code, project_id=self.id, **fields)

    def add(self, method, path, function, **fields):
        return self.server.request("POST", f"/api/projects/{self.id}/routes",
                                   {"function_id": function["id"], "method": method, "path": path, **fields})

    def serve(self, code=ECHO, method="ANY", path="/*rest", **fields):
        reply = self.add(method, path, self.function(code, **fields))
        assert reply.status == 200, reply.body
        return self

    def call(self, method="GET", path="/", body=None, key=False, headers=None):
        return self.server.request(method, f"/api/gateway/{self.slug}{path}", body, key=key, headers=headers)

    def event(self, *args, **kwargs):
        reply = self.call(*args, **kwargs)
        assert reply.status == 200, (reply.status, reply.body)
        return reply.json


@pytest.fixture
def project(shared):
    return Project(shared)


def returning(expression):
    return f"def handler(event): return {expression}"


# --- the routes of a project ---

def test_a_route_has_the_documented_fields(shared, project):
    fn = project.function()
    made = project.add("get", "users/:id/", fn, description="one user")
    assert made.status == 200
    route = made.json
    assert set(route) == {"id", "project_id", "function_id", "method", "path", "description", "created_at", "updated_at"}
    assert (route["method"], route["path"], route["description"]) == ("GET", "/users/:id", "one user")
    assert (route["project_id"], route["function_id"]) == (project.id, fn["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", route["created_at"])
    listed = shared.request("GET", f"/api/projects/{project.id}/routes")
    assert listed.status == 200 and listed.json == [route]
    assert project.add("POST", "/", fn).json["description"] == ""


def test_routes_are_listed_by_path_then_method(shared, project):
    fn = project.function()
    for method, path in (("PUT", "/b"), ("GET", "/b"), ("ANY", "/"), ("DELETE", "/a")):
        assert project.add(method, path, fn).status == 200
    listed = shared.request("GET", f"/api/projects/{project.id}/routes").json
    assert [(r["path"], r["method"]) for r in listed] == [("/", "ANY"), ("/a", "DELETE"), ("/b", "GET"), ("/b", "PUT")]


def test_a_refused_route_says_why(shared, project):
    fn, elsewhere = project.function(), shared.create(ECHO)
    reply = project.add("FETCH", "/", fn)
    assert (reply.status, reply.json["detail"]) == (
        400, "Invalid method 'FETCH'. Must be one of: ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")
    for other in (elsewhere, {"id": "0" * 24}):
        reply = project.add("GET", "/", other)
        assert (reply.status, reply.json["detail"]) == (400, "Function not found in this project")
    assert project.add("GET", "/users/:id", fn).status == 200
    for path in ("/users/:id", "/users/:other/", "//users//:x"):
        reply = project.add("GET", path, fn)
        assert reply.status == 409 and "already exists in this project" in reply.json["detail"]
    assert project.add("GET", "/users/:id", fn).json["detail"] == "Route GET /users/:id already exists in this project"
    assert project.add("ANY", "/users/:id", fn).status == 200


@pytest.mark.parametrize("longest, more", [("/" + "x" * 1023, "x"), ("/x" * 32, "/x"), ("".join(f"/:p{n}" for n in range(16)), "/:y")],
                         ids=["bytes", "segments", "parameters"])
def test_the_longest_paths_are_taken_and_found_and_no_longer_ones(project, longest, more):
    fn = project.function(returning("len(event['path'])"))
    assert project.add("GET", longest, fn).json["path"] == longest
    assert project.call(path=longest).json == len(longest)
    reply = project.add("GET", longest + more, fn)
    assert reply.status == 422 and reply.json["detail"][0]["loc"] == ["body", "path"], reply.body


@pytest.mark.sqlite
def test_a_project_has_a_bound_of_routes(shared, project):
    fn = project.function()
    with sqlite3.connect(shared.data / "virga.db") as db:
        db.executemany("INSERT INTO routes (id, project_id, function_id, method, path, shape, description, created_us, updated_us)"
                       " VALUES (?1 || ?2, ?2, ?3, 'GET', '/' || ?1, '/' || ?1, '', 0, 0)", [(n, project.id, fn["id"]) for n in range(1999)])
    db.close()
    assert project.add("GET", "/last", fn).status == 200 and project.call(path="/1998").status == 200
    reply = project.add("GET", "/more", fn)
    assert (reply.status, reply.json["detail"]) == (409, "A project has at most 2000 routes")


def test_a_missing_or_unknown_thing_is_named(shared, project):
    fn = project.function()
    routes = f"/api/projects/{project.id}/routes"
    for method, path, body in (("GET", "/api/projects/nowhere/routes", None), ("POST", "/api/projects/nowhere/routes", {}),
                               ("PUT", "/api/projects/nowhere/routes/x", {}),
                               ("DELETE", "/api/projects/nowhere/routes/x", None)):
        reply = shared.request(method, path, body)
        assert (reply.status, reply.json["detail"]) == (404, "Project not found"), method
        assert shared.request(method, path, body, key=False).status == 401
    for method, body in (("PUT", {"path": "/x"}), ("DELETE", None)):
        reply = shared.request(method, f"{routes}/{'0' * 24}", body)
        assert (reply.status, reply.json["detail"]) == (404, "Route not found")
    reply = shared.request("POST", routes, {"method": "GET", "path": "/"})
    assert reply.status == 422 and reply.json["detail"][0]["loc"] == ["body", "function_id"]
    for path in ("/:", "/:a/:a", "/*rest/more", "/*", "/a?b", "/x" * 33):
        reply = project.add("GET", path, fn)
        assert reply.status == 422 and reply.json["detail"][0]["loc"] == ["body", "path"], path


def test_a_route_is_changed_in_the_contracts_order(shared, project):
    fn = project.function()
    first, second = project.add("GET", "/a", fn).json, project.add("GET", "/b", fn).json
    path = f"/api/projects/{project.id}/routes/{second['id']}"
    changed = shared.request("PUT", path, {"method": "post", "path": "c/", "description": "new"})
    assert changed.status == 200
    assert (changed.json["method"], changed.json["path"], changed.json["description"]) == ("POST", "/c", "new")
    assert changed.json["created_at"] == second["created_at"] and changed.json["function_id"] == fn["id"]
    reply = shared.request("PUT", path, {"method": "GET", "path": "/a"})
    assert (reply.status, reply.json["detail"]) == (409, "Route GET /a already exists in this project")
    assert shared.request("PUT", path, {"method": "NO", "path": "/:", "function_id": "x"}).status == 400
    assert shared.request("PUT", path, {"path": "/:", "function_id": "x"}).status == 422
    assert shared.request("PUT", path, {"function_id": "x"}).json["detail"] == "Function not found in this project"
    assert shared.request("PUT", path, {"path": None}).status == 422
    assert shared.request("PUT", path, {"path": "/c", "method": "POST"}).status == 200
    assert shared.request("PUT", path, {}).status == 200
    gone = shared.request("DELETE", f"/api/projects/{project.id}/routes/{first['id']}")
    assert (gone.status, gone.json) == (200, {"detail": "Route deleted"})
    assert project.call(path="/a").status == 404


def test_the_tester_says_which_route_it_would_be(shared, project):
    fn = project.function()
    route = project.add("GET", "/files/:name", fn).json

    def ask(query):
        return shared.request("GET", f"/api/projects/{project.id}/routes/match?{query}")
    assert ask("path=/files/a%252Fb").json == {"route": route, "params": {"name": "a/b"}}
    assert ask("method=POST&path=/files/a").json == {"route": None, "params": {}}
    assert ask("method=GET").status == 422 and ask("method=X&path=/").status == 422 and ask("path=/%25zz").status == 422


# --- which route ---

def test_literals_outrank_parameters_and_methods_outrank_any(project):
    for method, path in (("ANY", "/*rest"), ("GET", "/users/:id"), ("GET", "/users/me"), ("ANY", "/users/me"),
                         ("GET", "/:a/me/x"), ("GET", "/users/:b/y"), ("GET", "/")):
        project.serve(returning(repr(f"{method} {path}")), method, path)
    table = [("GET", "/users/me", "GET /users/me"), ("PUT", "/users/me", "ANY /users/me"), ("GET", "/users/you", "GET /users/:id"),
             ("PUT", "/users/you", "ANY /*rest"), ("GET", "/users/me/x", "GET /:a/me/x"), ("GET", "/users/me/y", "GET /users/:b/y"),
             ("GET", "", "GET /"), ("GET", "/", "GET /"), ("POST", "/", "ANY /*rest"), ("GET", "/users//me/", "GET /users/me"),
             ("GET", "/Users/me", "ANY /*rest"), ("OPTIONS", "/users/me", "ANY /users/me")]
    for method, path, expected in table:
        assert project.call(method, path).json == expected, (method, path)


def test_what_cannot_be_reached_says_why(shared, project):
    reply = shared.request("GET", "/api/gateway/no-such-project/x", key=False)
    assert (reply.status, reply.json["detail"]) == (404, "Project not found")
    reply = project.call()
    assert (reply.status, reply.json["detail"]) == (404, "No routes configured for this project")
    fn = project.function()
    project.add("GET", "/x", fn)
    reply = project.call("POST", "/x%20y/")
    assert (reply.status, reply.json["detail"]) == (404, "No route matches POST /x y/")
    assert shared.request("PUT", f"/api/functions/{fn['id']}", {"status": "inactive"}).status == 200
    reply = project.call(path="/x")
    assert (reply.status, reply.json["detail"]) == (503, "The function for this route is not available")
    assert shared.request("PUT", f"/api/functions/{fn['id']}", {"status": "active"}).status == 200
    assert project.call(path="/x").status == 200
    assert project.change(status="inactive").call(path="/x").status == 503
    assert project.change(status="active").call(path="/x").status == 200


def test_routes_go_with_their_function(shared, project):
    fn = project.function()
    project.add("GET", "/x", fn)
    assert project.call(path="/x").status == 200
    shared.request("DELETE", f"/api/functions/{fn['id']}")
    assert project.call(path="/x").status == 404
    assert shared.request("GET", f"/api/projects/{project.id}/routes").json == []


# --- the event ---

def test_the_event_has_the_documented_fields(project):
    project.serve(path="/users/:id/*rest")
    event = project.event("POST", "/users/a%2Fb/c%20d//?x=1&x=2&y=a+b%26", b'{"n": 1}', key=True,
                          headers={"X-Thing": "1", "Cookie": "a=1; b=2; a=3", "User-Agent": "test"})
    assert event["method"] == "POST" and event["path"] == "/users/a/b/c d//" and event["rawPath"] == "/users/a%2Fb/c%20d//"
    assert event["params"] == {"id": "a/b", "rest": "c d//"}
    assert event["query"] == {"x": "2", "y": "a b&"} and event["multiQuery"] == {"x": ["1", "2"], "y": ["a b&"]}
    assert event["headers"]["x-thing"] == "1" and event["headers"]["cookie"] == "a=1; b=2; a=3"
    assert not {"host", "connection", "authorization", "content-length"} & set(event["headers"])
    assert event["multiHeaders"]["x-thing"] == ["1"] and event["cookies"] == {"a": "1", "b": "2"}
    assert event["sourceIp"] == "127.0.0.1" and event["host"] == f"127.0.0.1:{project.server.port}"
    assert event["scheme"] == "http" and event["isBase64Encoded"] is False
    assert event["authorization"] is None, "a key of this server is nobody else's business"


def test_the_request_id_is_the_calls_id(shared, project):
    fn = project.function("def handler(event, context): return [event['requestId'], context.call_id]")
    project.add("GET", "/", fn)
    reply = project.call()
    assert reply.json == [reply.headers["X-Virga-Call"]] * 2
    record = shared.records(fn)[0]
    assert record["id"] == reply.json[0] and record["source"] == "gateway"
    assert (record["http_method"], record["http_path"]) == ("GET", "/")


@pytest.mark.parametrize("method, sent, seen", [
    ("POST", b'{"a":[1]}', {"a": [1]}), ("PUT", b"[1", "[1"), ("PATCH", b"123", 123), ("POST", b"", None),
    ("POST", b"7" * 5000, "7" * 5000), ("GET", b'{"a":1}', None), ("DELETE", b"x", None), ("POST", "ü".encode(), "ü"), ("POST", b"\xff\x00", None)])
def test_a_body_is_json_else_text_else_base64(project, method, sent, seen):
    event = project.serve().event(method, "/", sent)
    if sent == b"\xff\x00":
        assert event["isBase64Encoded"] is True and base64.b64decode(event["body"]) == sent
    else:
        assert event["body"] == seen and event["isBase64Encoded"] is False


def test_a_public_function_may_see_the_authorization_of_its_own_users(project):
    project.serve()
    assert project.event(headers={"Authorization": "Basic dTpw"})["authorization"] == "Basic dTpw"
    event = project.event(headers={"Cookie": "virga_session=secret; own=1"})
    assert event["cookies"] == {"own": "1"} and "secret" not in json.dumps(event)


FORWARDED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example"}


def test_the_proxy_in_front_is_believed_only_when_trusted(project, tmp_path):
    event = project.serve().event(headers={**FORWARDED, "Forwarded": "for=203.0.113.7", "X-Real-IP": "203.0.113.7"})
    assert (event["sourceIp"], event["scheme"], event["host"]) == ("127.0.0.1", "http", f"127.0.0.1:{project.server.port}")
    assert not {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-real-ip"} & set(event["multiHeaders"])
    with Server(tmp_path, "--trusted-proxies", "127.0.0.1") as server:
        event = Project(server).serve().event(headers=FORWARDED)
    assert (event["sourceIp"], event["scheme"], event["host"]) == ("203.0.113.7", "https", "api.example")
    assert event["headers"]["x-forwarded-for"] == "203.0.113.7"


def test_what_belongs_to_one_connection_stays_out_of_the_event(project):
    hops = {"Connection": "X-Hop, close", "X-Hop": "1", "Keep-Alive": "5", "TE": "trailers", "Upgrade": "h2c", "Proxy-Authorization": "x"}
    event = project.serve().event("POST", "/", b"{}", headers={**hops, "X-Kept": "1"})
    assert event["headers"]["x-kept"] == "1"
    assert not {name.lower() for name in hops} & (set(event["headers"]) | set(event["multiHeaders"]))


def test_bytes_pass_both_ways_up_to_the_limit_of_a_body(project):
    sent = bytes(range(256)) * (6 << 12)
    project.serve("import base64\ndef handler(event):\n"
                  "    return {'statusCode': 200, 'body': base64.b64decode(event['body'])}", limits={"memory_mb": 512, "result_kb": 16384})
    reply = project.call("PUT", "/", sent)
    assert reply.status == 200 and reply.headers["Content-Type"] == "application/octet-stream" and reply.body == sent
    assert project.call("PUT", "/", sent + b"x").status == 413


# --- the response ---

@pytest.mark.parametrize("result, status, kind, body", [
    ("{'a': 1}", 200, "application/json", b'{"a":1}'),
    ("'text'", 200, "application/json", b'"text"'),
    ("None", 200, "application/json", b"null"),
    ("{'statusCode': 201}", 201, "application/json", b"null"),
    ("{'statusCode': 200, 'body': 'x'}", 200, "application/json", b'"x"'),
    ("{'statusCode': 200, 'body': 'é\\n', 'headers': {'content-type': 'text/plain'}}", 200, "text/plain", "é\n".encode()),
    ("{'statusCode': 200, 'body': 'x', 'headers': {'Content-Type': 'application/json; charset=utf-8'}}", 200,
     "application/json; charset=utf-8", b'"x"'),
    ("{'statusCode': 422, 'body': {'e': 1}, 'headers': {'Content-Type': 'application/problem+json'}}", 422,
     "application/problem+json", b'{"e":1}'),
    ("{'statusCode': 200, 'isBase64Encoded': True, 'body': '/wD+'}", 200, "application/octet-stream", b"\xff\x00\xfe"),
    ("{'statusCode': 200, 'body': b'\\xff', 'headers': {'Content-Type': 'image/png'}}", 200, "image/png", b"\xff"),
])
def test_results_become_responses(project, result, status, kind, body):
    reply = project.serve(returning(result)).call()
    assert (reply.status, reply.headers["Content-Type"]) == (status, kind)
    assert json.loads(reply.body) == json.loads(body) if "json" in kind else reply.body == body


def test_headers_may_repeat_and_never_frame_the_message(project):
    project.serve(returning("{'statusCode': 200, 'headers': {'x-n': 5, 'set-cookie': ['a=1', 'b=2'], 'Connection': 'X-Hop',"
                            " 'x-hop': '1', 'Transfer-Encoding': 'chunked', 'Content-Length': '3', 'Proxy-Thing': 'x',"
                            " 'X-Virga-Call': 'forged', 'x-none': None}, 'multiValueHeaders': {'x-m': ['1', '2']},"
                            " 'cookies': ['c=3', 'virga_session=forged']}"))
    reply = project.call()
    assert reply.status == 200 and reply.body == b"null"
    assert reply.headers["x-n"] == "5" and reply.headers.get_all("x-m") == ["1", "2"]
    assert reply.headers.get_all("set-cookie") == ["a=1", "b=2", "c=3"]
    assert not {"x-hop", "proxy-thing", "transfer-encoding", "x-none"} & {n.lower() for n in reply.headers}
    assert re.fullmatch("[0-9a-f]{36}", reply.headers["X-Virga-Call"])


@pytest.mark.parametrize("result, why", [
    ("{'statusCode': 'x'}", "statusCode"), ("{'statusCode': 101}", "1xx"), ("{'statusCode': 600}", "from 200 to 599"),
    ("{'statusCode': 200, 'headers': []}", "headers"), ("{'statusCode': 200, 'headers': {'a b': '1'}}", "name"),
    ("{'statusCode': 200, 'headers': {'a': '1\\r\\nb: 2'}}", "'a' has a line break"),
    ("{'statusCode': 200, 'headers': {'a': {}}}", "'a' is not a text"), ("{'statusCode': 200, 'cookies': 'a=1'}", "cookies"),
    ("{'statusCode': 200, 'isBase64Encoded': True, 'body': '*'}", "not base64"),
    ("{'statusCode': 200, 'headers': {'a': 'x' * 32768}}", "more than 32 KB"),
    ("{'statusCode': 200, 'headers': {f'a{n}': n for n in range(49)}}", "more than 48 headers"),
])
def test_an_invalid_response_is_a_502_that_says_why(project, result, why):
    reply = project.serve(returning(result)).call()
    assert reply.status == 502 and reply.json["detail"].startswith("The function returned an invalid response: ")
    assert why in reply.json["detail"]


def test_a_failing_function_shows_strangers_one_line(project):
    reply = project.serve("def handler(event):\n    secret = 1\n    raise ValueError('no such thing')").call()
    assert (reply.status, reply.json) == (500, {"detail": "ValueError: no such thing"})
    assert re.fullmatch("[0-9a-f]{36}", reply.headers["X-Virga-Call"])


def test_limits_have_statuses_of_their_own(project):
    project.serve("def handler(event):\n    while True: pass", path="/slow", limits={"timeout_ms": 200})
    project.serve(returning("'x' * 300000"), path="/large", limits={"result_kb": 100})
    slow, large = project.call(path="/slow"), project.call(path="/large")
    assert slow.status == 504 and "200" in slow.json["detail"]
    assert large.status in (500, 502) and "102400" in large.json["detail"], large.body


def test_head_has_no_body_and_get_routes_answer_it(project):
    project.serve(returning("{'statusCode': 200, 'headers': {'x-method': event['method'], 'etag': '\"1\"'}, 'body': 'long'}"), "GET", "/")
    reply, whole = project.call("HEAD"), project.call("GET")
    assert (reply.status, reply.body, reply.headers["x-method"]) == (200, b"", "HEAD")
    assert reply.headers["Content-Length"] == whole.headers["Content-Length"] == str(len(whole.body))
    assert reply.headers["ETag"] == whole.headers["ETag"] == '"1"'


def test_a_status_that_has_no_body_gets_none_and_the_connection_goes_on(project):
    project.serve(returning("{'statusCode': int(event['params']['status']), 'headers': {'etag': '\"1\"'}, 'body': 'ignored'}"),
                  "ANY", "/:status")
    connection = http.client.HTTPConnection("127.0.0.1", project.server.port, timeout=20)
    for method, status, length in (("GET", 204, None), ("GET", 304, None), ("GET", 205, "0"), ("HEAD", 304, None), ("GET", 200, "9")):
        connection.request(method, f"/api/gateway/{project.slug}/{status}")
        reply = connection.getresponse()
        assert (reply.status, reply.headers["Content-Length"], reply.headers["ETag"]) == (status, length, '"1"')
        assert reply.read() == (b'"ignored"' if status == 200 else b"")
    connection.close()


def test_a_method_that_no_route_can_have_is_405(project):
    project.serve()
    for method in ("TRACE", "PROPFIND"):
        reply = project.call(method, "/")
        assert reply.status == 405 and "PATCH" in reply.headers["Allow"]


def test_pages_on_our_own_origin_are_sandboxed(project):
    for kind, sandboxed in (("text/html", True), ("image/svg+xml", True), ("text/plain", False)):
        project.serve(returning(f"{{'statusCode': 200, 'headers': {{'content-type': '{kind}'}}, 'body': '<p>'}}"),
                      "GET", "/" + kind.replace("+", "-"))
        reply = project.call(path="/" + kind.replace("+", "-"))
        assert reply.headers.get("Content-Security-Policy", "").startswith("sandbox") == sandboxed, kind


# --- domains ---

def test_a_projects_own_domain_leads_to_its_routes(shared, project):
    assert shared.request("POST", f"/api/projects/{project.id}/domains", {"domain": "api.shop.example"}).status == 200
    project.serve(path="/api/*rest")
    reply = shared.request("GET", "/api/health/?x=1", key=False, headers={"Host": "API.shop.example:8080"})
    assert reply.status == 200 and reply.json["path"] == "/api/health/" and reply.json["params"] == {"rest": "health/"}
    assert shared.request("GET", "/api/thing", key=False, headers={"Host": "api.shop.example."}).json["path"] == "/api/thing"
    other = shared.request("GET", "/elsewhere", key=False, headers={"Host": "api.shop.example"})
    assert other.json["detail"] == "No route matches GET /elsewhere"
    assert shared.request("GET", "/api/health", key=False).json["status"] == "ok"
    assert shared.request("DELETE", f"/api/projects/{project.id}/domains/api.shop.example").status == 200
    assert shared.request("GET", "/api/health", headers={"Host": "api.shop.example"}).json["status"] == "ok"


# --- CORS ---

def preflight(project, origin, method="POST", headers=None):
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return project.call("OPTIONS", "/x", headers={**asked, **({"Access-Control-Request-Headers": headers} if headers else {})})


def test_preflights_are_answered_when_the_project_allows_it(shared):
    cors = {"enabled": True, "origins": ["https://shop.example"], "methods": ["GET", "POST"], "headers": ["X-Own"],
            "exposed": ["X-Total"], "credentials": True, "max_age_s": 60}
    project = Project(shared).change(cors=cors).serve(returning("{'statusCode': 200, 'headers': {'vary': 'Accept'}}"))
    reply = preflight(project, "https://shop.example", headers="x-own")
    assert reply.status == 204 and reply.body == b""
    assert reply.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert reply.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert reply.headers["Access-Control-Allow-Headers"] == "X-Own"
    assert reply.headers["Access-Control-Allow-Credentials"] == "true" and reply.headers["Access-Control-Max-Age"] == "60"
    assert "Origin" in reply.headers["Vary"]
    for refused in (preflight(project, "https://evil.example"), preflight(project, "https://shop.example", "DELETE"),
                    preflight(project, "https://shop.example", headers="x-other")):
        assert refused.status == 403 and "Access-Control-Allow-Origin" not in refused.headers
    reply = project.call(headers={"Origin": "https://shop.example"})
    assert reply.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert reply.headers["Access-Control-Expose-Headers"] == "X-Total"
    assert {"Accept", "Origin"} <= set(", ".join(reply.headers.get_all("Vary")).split(", "))
    assert "Access-Control-Allow-Origin" not in project.call(headers={"Origin": "https://evil.example"}).headers
    plain = project.call("OPTIONS", "/x")
    assert plain.status == 200, "an OPTIONS that is no preflight goes to the routes"


def test_refusals_carry_cors_headers_too_and_the_function_wins(shared):
    project = Project(shared).change(cors={"enabled": True, "origins": "*"})
    project.serve(returning("{'statusCode': 200, 'headers': {'Access-Control-Allow-Origin': 'https://own.example'}}"), "GET", "/")
    missing = project.call(path="/missing", headers={"Origin": "https://a.example"})
    assert missing.status == 404 and missing.headers["Access-Control-Allow-Origin"] == "*"
    own = project.call(headers={"Origin": "https://a.example"})
    assert own.headers.get_all("Access-Control-Allow-Origin") == ["https://own.example"]


def test_without_cors_the_routes_answer_options(project):
    project.serve(returning("event['method']"))
    reply = preflight(project, "https://a.example")
    assert reply.json == "OPTIONS" and "Access-Control-Allow-Origin" not in reply.headers


# --- access and rates ---

def test_a_function_with_a_key_refuses_strangers(shared, project):
    fn = project.function(returning("1"), access="key")
    project.add("GET", "/", fn)
    for reply in (project.call(), shared.invoke(fn, key=False)):
        assert (reply.status, reply.json["detail"], reply.headers["WWW-Authenticate"]) == (401, "Missing auth token", "Bearer")
    for reply in (project.call(key="vk_" + "0" * 48), shared.invoke(fn, key="vk_" + "0" * 48)):
        assert (reply.status, reply.json["detail"]) == (401, "Invalid token")
    assert project.call(key=True).json == 1 and shared.call(fn)["output"] == 1


def test_a_private_function_is_for_members(shared, project):
    fn = project.function(returning("1"), access="private")
    project.add("GET", "/", fn)
    assert project.call().status == 401 and project.call(key=True).json == 1
    assert shared.invoke(fn, key=False).status == 401 and shared.call(fn)["output"] == 1


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A server that anybody may join, and that lets an account have five calls a day."""
    with Server(tmp_path_factory.mktemp("crowd"), "--registration", "open", "--quota-calls", "5") as running:
        yield running


def join(server):
    name = f"u{os.urandom(5).hex()}"
    reply = server.request("POST", "/api/register", {"name": name, "password": "correct horse battery"}, key=False)
    assert reply.status == 200, reply.body
    return reply.json["token"]


def test_a_credential_needs_the_scope_and_a_private_function_the_membership(crowd):
    project, stranger = Project(crowd), join(crowd)
    for access, path in (("key", "/key"), ("private", "/private")):
        assert project.add("GET", path, project.function(returning("1"), access=access)).status == 200
    assert project.call(path="/key", key=stranger).json == 1, "any account of this server"
    refused = project.call(path="/private", key=stranger)
    assert refused.status == 403 and "only members" in refused.json["detail"]
    keys = [crowd.request("POST", "/api/keys", {"name": "k", "scopes": [scope]}).json["key"] for scope in ("functions:read", "invoke")]
    refused = project.call(path="/key", key=keys[0])
    assert refused.status == 403 and "'invoke'" in refused.json["detail"]
    assert project.call(path="/private", key=keys[1]).json == 1


def test_a_direct_call_shows_its_log_to_whoever_may_read_it(crowd):
    stranger = join(crowd)
    mine = crowd.request("POST", "/api/functions", {"name": "f", "code": "def handler(e):\n    print('log')"}, key=stranger).json
    reply = crowd.invoke(mine, key=stranger)
    assert reply.status == 200 and reply.json["stdout"] == "log\n"
    assert "stdout" not in crowd.invoke(mine).json, "a key of another account"


def far_from_midnight():
    """A quota is that of a day, which must not end while somebody looks at it."""
    until(lambda: time.time() % 86400 < 86400 - 60, "midnight, UTC, is over", 90)


def test_the_calls_of_a_day_are_bounded(tmp_path):
    far_from_midnight()
    with Server(tmp_path, "--quota-calls", "3") as server:
        project = Project(server)
        fn = project.function(returning("1"))
        project.add("GET", "/", fn)
    with Server(tmp_path, "--quota-calls", "3") as server:
        project.server = server
        assert [project.call().status for _ in range(2)] == [200, 200] and server.invoke(fn).status == 200
        for refused in (project.call(), server.invoke(fn)):
            assert refused.status == 429 and "quota of 3 calls a day" in refused.json["detail"]
            assert re.search(r"T00:00:00\.000000Z", refused.json["detail"]) and 0 < int(refused.headers["Retry-After"]) <= 86400
        assert len(server.records(fn)) == 3


def test_strangers_learn_nothing_but_the_result_of_a_direct_call(shared):
    fn = shared.create("def handler(event):\n    print('log')\n    return 1")
    assert shared.invoke(fn).json["stdout"] == "log\n"
    assert "stdout" not in shared.invoke(fn, key=False).json


def test_rates_are_told_and_kept(shared, project):
    fn = project.function(returning("1"), rate_limit=3, client_rate_limit=2)
    project.add("GET", "/", fn)
    began = time.monotonic()
    first = project.call()
    assert first.headers["RateLimit-Policy"] == '"function";q=3;w=60, "client";q=2;w=60'
    assert re.fullmatch(r'"function";r=2;t=20, "client";r=1;t=30', first.headers["RateLimit"])
    assert project.call().status == 200
    refused = project.call()
    assert refused.status == 429 and refused.json["detail"] == "This function takes 2 calls a minute from each client"
    since = time.monotonic() - began  # a new call every 30 s
    assert 29 - since <= int(refused.headers["Retry-After"]) <= 30 and '"client";r=0' in refused.headers["RateLimit"]
    assert shared.invoke(fn).status == 200, "another client"
    refused = shared.invoke(fn)
    assert refused.status == 429 and refused.json["detail"] == "This function takes 3 calls a minute"
    assert "RateLimit" in refused.headers


def test_addresses_of_one_ipv6_network_are_one_client(tmp_path):
    with Server(tmp_path, "--trusted-proxies", "127.0.0.1") as server:
        project = Project(server).serve(returning("1"), client_rate_limit=1)
        seen = [project.call(headers={"X-Forwarded-For": a}).status
                for a in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1", "192.0.2.1", "::ffff:192.0.2.1")]
    assert seen == [200, 429, 200, 200, 429]


def test_a_function_without_limits_says_nothing_of_them(project):
    assert "RateLimit" not in project.serve().call().headers


# --- figures ---

def test_the_metrics_count_what_became_of_requests(shared, project):
    def counted(outcome):
        return shared.metric(f'virga_gateway_requests_total{{outcome="{outcome}"}}')
    project.serve(path="/here")
    unmatched, routed = counted("unmatched"), counted("routed")
    assert project.call(path="/nowhere").status == 404 and project.call(path="/here").status == 200
    assert counted("unmatched") == unmatched + 1 and counted("routed") == routed + 1
    assert shared.metric("virga_projects") >= 1 and shared.metric("virga_routes") >= 1
