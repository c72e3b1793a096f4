"""api/openapi.yaml and the server say the same."""

import io
import json
import re
import subprocess
import tarfile

import pytest
from contract import ASKED, CONTRACT, check, find, operations, resolve, validator
from virga import PROGRAM, ROOT, Reply, Server, until

PASSWORD = "correct horse battery"


def rows():
    text = subprocess.run([PROGRAM, "serve", "--print-routes"], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def as_template(path):
    return re.sub(r"[:*](\w+)", r"{\1}", path)


def undocumented(row):
    """Pages for people and what belongs to them, and the contract itself."""
    return row["path"].split("/")[1] not in ("api", "metrics")


def test_every_route_is_in_the_contract_and_every_operation_has_a_route():
    served = {(row["method"], as_template(row["path"])) for row in rows() if not undocumented(row)}
    described = {(method, path) for method, path, _ in operations()}
    assert served - described == set(), "not in api/openapi.yaml"
    assert described - served == set(), "no such route"


def test_the_map_of_the_api_has_a_place_for_every_operation():
    page = (ROOT / "docs" / "api.md").read_text()
    for _, path, _ in operations():
        for word in re.sub(r"{\w+}", "", path).split("/"):
            assert f"/{word}" in page, f"docs/api.md says nothing of {path}"


def test_the_contract_says_which_operations_need_no_credentials():
    permissions = {(row["method"], as_template(row["path"])): row["permission"] for row in rows()}
    anonymous = {"public", "call", "calls:read"}
    for method, path, operation in operations():
        open_to_all = {} in operation.get("security", [None]) or operation.get("security") == []
        assert open_to_all == (permissions[method, path] in anonymous), (method, path)


def test_operation_ids_are_unique_and_every_operation_names_its_errors():
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))
    for method, path, operation in operations():
        answers = set(operation["responses"])
        assert answers & {"200", "202", "default"} and "400" in answers and operation["summary"], (method, path)
        if "requestBody" in operation and path.startswith("/api/") and "gateway" not in path:
            assert {"413", "422"} <= answers, (method, path)
        if operation.get("security") is None:
            assert {"401", "403", "429", "503"} <= answers, (method, path)


def test_a_path_names_its_parameters_and_every_parameter_says_what_it_is():
    for method, path, operation in operations():
        parameters = [resolve(p) for p in operation.get("parameters", [])]
        in_path = {p["name"] for p in parameters if p["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path)), (method, path)
        assert len({(p["name"], p["in"]) for p in parameters}) == len(parameters), (method, path)
        assert all(p["description"] and p["schema"] for p in parameters), (method, path)


def test_every_parameter_shows_a_value_that_fits():
    for method, path, operation in operations():
        for parameter in map(resolve, operation.get("parameters", [])):
            schema = parameter["schema"]
            told = "enum" in schema or "default" in schema or "minimum" in schema or schema.get("type") == "boolean"
            assert told or schema.get("examples"), (method, path, parameter["name"])
            for example in schema.get("examples", []):
                validator(schema, ASKED).validate(example)


def examples():
    for name, schema in CONTRACT["components"]["schemas"].items():
        for example in schema.get("examples", []):
            yield name, example


@pytest.mark.parametrize("name, example", list(examples()), ids=lambda v: v if isinstance(v, str) else "")
def test_an_example_fits_its_schema(name, example):
    validator({"$ref": f"#/components/schemas/{name}"}).validate(example)


def test_an_example_of_an_answer_fits_it():
    for method, path, operation in operations():
        for body in (operation.get("requestBody", {}), *map(resolve, operation["responses"].values())):
            media = body.get("content", {}).get("application/json", {})
            for example in [media["example"]] if "example" in media else []:
                assert validator(media["schema"]).is_valid(example), (method, path, example)


def has_example(media):
    schema = resolve(media["schema"])
    item = resolve(schema["items"]) if schema.get("type") == "array" else schema
    return "example" in media or "examples" in item or not media["schema"]


def test_every_body_has_an_example():
    for method, path, operation in operations():
        bodies = [operation.get("requestBody", {}), *map(resolve, operation["responses"].values())]
        for body in bodies:
            for kind, media in body.get("content", {}).items():
                assert has_example(media) or kind in ("application/x-tar", "application/octet-stream"), (method, path, kind)


# --- the contract against answers ---


def reply_of(status, body, content_type="application/json"):
    return Reply(status, {"Content-Type": content_type}, json.dumps(body).encode())


@pytest.mark.parametrize("status, body, content_type", [
    (200, {"status": "ok"}, "application/json"),
    (200, {"status": "ok", "version": 1}, "application/json"),
    (200, {"status": "ok", "version": "1"}, "text/plain"),
    (418, {"detail": "no"}, "application/json"),
], ids=["member missing", "wrong type", "content type", "status"])
def test_an_answer_that_is_not_in_the_contract_is_seen(status, body, content_type):
    check("GET", "/api/health", reply_of(200, {"status": "ok", "version": "1", "more": 1}))
    with pytest.raises(AssertionError):
        check("GET", "/api/health", reply_of(status, body, content_type))


def test_a_request_is_found_in_the_contract_as_the_server_finds_its_route():
    assert find("GET", "/api/projects/p/routes/match?path=/") == "/api/projects/{id}/routes/match"
    assert find("GET", "/api/functions/f/invocations/export") == "/api/functions/{id}/invocations/export"
    assert find("GET", "/api/functions/f/invocations/0") == "/api/functions/{id}/invocations/{call}"
    assert find("POST", "/api/gateway/s/a/b") == "/api/gateway/{slug}/{path}"
    assert find("POST", "/api/health") is None and find("GET", "/docs") is None


def archive():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        code = b"def handler(event):\n    return event\n"
        info = tarfile.TarInfo("main.py")
        info.size = len(code)
        tar.addfile(info, io.BytesIO(code))
    return out.getvalue()


class Walk:
    """Uses every operation once with success; virga.Server holds each answer against the contract."""

    def __init__(self, server):
        self.server, self.seen = server, set()

    def say(self, method, path, body=None, key=True, status=200, **more):
        reply = self.server.request(method, path, body, key=key, **more)
        assert reply.status == status, (method, path, reply.status, reply.body)
        self.seen.add((method, find(method, path)))
        return json.loads(reply.body) if reply.headers["Content-Type"] == "application/json" else reply.body

    def accounts(self):
        link = until(lambda: re.search(r"/setup\?token=(\S+)", self.server.log_text()), "the set-up link is in the log")
        self.say("GET", "/api/setup", key=False)
        self.say("POST", "/api/setup", {"token": link.group(1), "name": "boss", "password": PASSWORD}, key=False)
        self.say("POST", "/api/register", {"name": "ada", "password": PASSWORD, "cookie": True}, key=False)
        session = self.say("POST", "/api/login", {"login": "ada", "password": PASSWORD}, key=False)
        token = session["token"]
        self.say("GET", "/api/account", key=token)
        self.say("PUT", "/api/account", {"email": "ada@example.com"}, key=token)
        self.say("PUT", "/api/account/password", {"old": PASSWORD, "new": PASSWORD + "!"}, key=token)
        self.say("POST", "/api/login", {"login": "ada", "password": PASSWORD + "!"}, key=False)
        rows = self.say("GET", "/api/sessions", key=token)
        self.say("DELETE", f"/api/sessions/{next(r['id'] for r in rows if not r['current'])}", key=token)
        self.say("DELETE", "/api/sessions", key=token)
        key = self.say("POST", "/api/keys", {"name": "ci", "expires_at": "2999-01-01T00:00:00Z"}, key=token)
        self.say("GET", "/api/keys", key=token)
        self.say("DELETE", f"/api/keys/{key['id']}", key=token)
        self.say("POST", "/api/logout", {}, key=token)
        return session["account"]["id"]

    def administration(self, account):
        self.say("GET", "/api/accounts?limit=1")
        self.say("PUT", f"/api/accounts/{account}", {"quotas": {"functions": 5}})
        password = self.say("POST", f"/api/accounts/{account}/password-reset")["password"]
        invite = self.say("POST", "/api/invites", {"email": "bob@example.com"})
        self.say("GET", "/api/invites")
        self.say("DELETE", f"/api/invites/{invite['id']}")
        self.say("GET", "/api/audit?limit=2")
        token = self.say("POST", "/api/login", {"login": "ada", "password": password}, key=False)["token"]
        self.say("DELETE", "/api/account", {"password": password}, key=token)
        bob = self.say("POST", "/api/register", {"name": "bob", "password": PASSWORD}, key=False)
        self.say("DELETE", f"/api/accounts/{bob['account']['id']}")

    def project(self, account):
        project = self.say("POST", "/api/projects", {"name": "My API"})
        base = f"/api/projects/{project['id']}"
        self.say("GET", "/api/projects")
        self.say("GET", base)
        self.say("PUT", base, {"description": "d", "cors": {"enabled": True, "origins": ["https://a.example"]}})
        self.say("PUT", f"{base}/members/{account}", {"role": "editor"})
        self.say("GET", f"{base}/members")
        self.say("DELETE", f"{base}/members/{account}")
        self.say("POST", f"{base}/env", {"key": "A", "value": "1", "is_secret": False})
        self.say("PUT", f"{base}/env", {"variables": [{"key": "B", "value": "2"}, {"key": "C", "value": "3"}]})
        self.say("GET", f"{base}/env")
        self.say("POST", f"{base}/env/B/reveal")
        self.say("DELETE", f"{base}/env/B")
        self.say("POST", f"{base}/domains", {"domain": "api.example.com"})
        self.say("GET", f"{base}/domains")
        self.say("DELETE", f"{base}/domains/api.example.com")
        return project, base

    def packages(self, base):
        """Without packages nothing is built: an index is for test_deps.py."""
        self.say("PUT", f"{base}/requirements", {"requirements_txt": "# none yet"})
        self.say("GET", f"{base}/requirements")
        self.say("GET", f"{base}/requirements/lock")
        build = self.say("POST", f"{base}/builds", {"requirements_txt": "# none"}, status=202)
        self.say("GET", f"{base}/builds")
        self.say("GET", f"{base}/builds/{build['id']}")
        self.say("GET", f"{base}/builds/{build['id']}/events")
        self.say("POST", f"{base}/builds/{build['id']}/cancel")
    def database(self, base):
        base, named = f"{base}/database", "name=My%20API"
        self.say("POST", f"{base}/provision", {"provider": "local"})
        self.say("GET", base)
        self.say("POST", f"{base}/rotate")
        self.say("POST", f"{base}/reveal")
        self.say("POST", f"{base}/query", {"sql": "CREATE TABLE a (b int PRIMARY KEY); INSERT INTO a VALUES (1) RETURNING b"})
        self.say("GET", f"{base}/tables")
        self.say("GET", f"{base}/tables/public/a?limit=1")
        backup = self.say("POST", f"{base}/backups")["id"]
        self.say("GET", f"{base}/backups")
        self.say("GET", f"{base}/backups/{backup}")
        self.say("POST", f"{base}/backups/{backup}/restore?{named}")
        self.say("DELETE", f"{base}/backups/{backup}")
        self.say("DELETE", f"{base}/deprovision?{named}")

    def function(self, project, base):
        code = "def handler(event):\n    print('seen')\n    return {'n': 1}\n"
        made = self.say("POST", "/api/functions", {"name": "f", "code": code, "project_id": project["id"], "rate_limit": 1000,
                                                   "environment": {"X": "y"}, "limits": {"cpu": 1}})
        path = f"/api/functions/{made['id']}"
        self.say("GET", "/api/functions")
        self.say("GET", f"{base}/functions")
        self.say("GET", path)
        self.say("PUT", path, {"code": code + "#\n"})
        self.say("POST", f"{path}/load")
        self.say("GET", f"{path}/versions?limit=1")
        self.say("GET", f"{path}/versions/1")
        files = self.say("GET", f"{path}/versions/2/files")["files"]
        self.say("PUT", path, {"files": [{"path": f["path"]} for f in files], "base_version": 2})
        self.say("PUT", f"{path}/versions/1")
        self.say("PUT", f"{path}/inputs/a%20customer", {"input": {"name": "Cy"}})
        self.say("GET", f"{path}/inputs")
        self.say("DELETE", f"{path}/inputs/a%20customer")
        self.say("POST", "/api/deploy?name=d", archive(), headers={"Content-Type": "application/x-tar"})
        return made, path

    def calls(self, function, path, base, slug):
        self.say("POST", f"/api/invoke/{function['id']}", {"input": {"a": 1}})
        route = self.say("POST", f"{base}/routes", {"function_id": function["id"], "method": "any", "path": "/x"})
        self.say("POST", f"{base}/routes", {"function_id": function["id"], "method": "ANY", "path": "/"})
        self.say("GET", f"{base}/routes")
        assert self.say("GET", f"{base}/routes/match?path=/x")["route"]["id"] == route["id"]
        self.say("PUT", f"{base}/routes/{route['id']}", {"description": "d"})
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
            self.gateway(method, f"/api/gateway/{slug}")
            self.gateway(method, f"/api/gateway/{slug}/x")
        for where in (path, base, "/api"):
            rows = self.say("GET", f"{where}/invocations?limit=2")
            self.say("GET", f"{where}/stats" if where != "/api" else "/api/stats/series")
        self.say("GET", f"{path}/invocations/export")
        self.say("GET", f"{base}/invocations/export")
        self.say("GET", "/api/invocations/export")
        self.say("GET", f"{path}/invocations/{rows[0]['id']}")
        self.say("GET", "/api/stats")
        self.say("DELETE", f"{base}/routes/{route['id']}")

    def gateway(self, method, path):
        reply = self.server.request(method, path, key=False)
        assert reply.status == 200, (method, path, reply.status, reply.body)
        self.seen.add((method, find(method, path)))

    def run(self):
        account = self.accounts()
        project, base = self.project(account)
        function, path = self.function(project, base)
        self.calls(function, path, base, project["slug"])
        self.packages(base)
        self.database(base)
        self.say("GET", f"{base}/audit")
        self.say("DELETE", path)
        self.say("DELETE", base)
        self.administration(account)
        self.say("GET", "/api/health", key=False)
        self.say("GET", "/api/system")
        self.say("GET", "/metrics")


def test_every_operation_answers_as_the_contract_says(tmp_path):
    with Server(tmp_path, "--registration", "open") as server:
        walk = Walk(server)
        walk.run()
    never_ending = {("GET", path) for _, path, _ in operations() if path.endswith("/tail")}
    assert {(method, path) for method, path, _ in operations()} - walk.seen == never_ending
