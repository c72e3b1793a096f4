"""Who may do what: every route of the server, asked by everybody there is.

The list of routes comes from the server itself (`virga serve --print-routes`), so that a new one cannot be forgotten: one whose
permission or path parameter is not known here fails the test. So does one whose scope is not that of its permission.
"""

import base64
import http.client
import json
import os
import subprocess

import pytest
from virga import PROGRAM, Server, until

PASSWORD = "correct horse battery"
REFUSED = {401, 403, 404}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
VIEWERS, EDITORS, OWNERS = {"viewer", "editor", "owner"}, {"editor", "owner"}, {"owner"}
ACCOUNTS = {"stranger", "removed member", "viewer", "editor", "owner", "admin"}
WITHOUT = {"nobody", "expired key", "revoked session", "disabled account", "foreign token"}
EVERYBODY = ACCOUNTS | WITHOUT
# An owner's cookie, as a browser sends it for a page from elsewhere, or with a form that has no Origin.
PAGES = {"foreign page": {"Origin": "https://evil.example"}, "opaque page": {"Origin": "null"}, "page without origin": {}}

RIGHTS = (b"scope", b"role", b"administrator", b"Project not found", b"Function not found")

# Permission: who is let in, what the others with an account are told, and the scope that a key needs.
RULES = {
    "public": (EVERYBODY, None, None),
    "call": (EVERYBODY, None, None),
    "account": (ACCOUNTS, 403, "account"),
    "projects:read": (ACCOUNTS, 403, "projects:read"),
    "projects:create": (ACCOUNTS, 403, "projects:write"),
    "functions:read": (ACCOUNTS, 403, "functions:read"),
    "functions:create": (ACCOUNTS, 403, "functions:write"),
    "stats:read": (ACCOUNTS, 403, "calls:read"),
    "calls:read": (VIEWERS, 404, "calls:read"),
    "project:view": (VIEWERS, 404, "projects:read"),
    "project:edit": (EDITORS, 404, "projects:write"),
    "project:own": (OWNERS, 404, "projects:write"),
    "project:reveal": (OWNERS, 404, "secrets:reveal"),
    "function:view": (VIEWERS, 404, "functions:read"),
    "function:edit": (EDITORS, 404, "functions:write"),
    "admin": ({"admin"}, 403, "admin"),
    "metrics:read": ({"admin"}, 403, "admin"),
}
# What these show or change of a project takes a second scope.
SECOND_SCOPE = {
    ("GET", "/api/projects/:id/functions"): "functions:read",
    ("GET", "/api/projects/:id/invocations"): "calls:read",
    ("GET", "/api/projects/:id/invocations/tail"): "calls:read",
    ("GET", "/api/projects/:id/invocations/export"): "calls:read",
    ("GET", "/api/projects/:id/stats"): "calls:read",
    ("GET", "/api/functions/:id/stats"): "calls:read",
    ("DELETE", "/api/projects/:id/members/:member"): "projects:write",
}
SCOPES = sorted({scope for _, _, scope in RULES.values() if scope} | {"invoke"})


def routes():
    text = subprocess.run([PROGRAM, "serve", "--print-routes"], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


ROUTES = routes()
EACH_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r['method']} {r['path']}")


def expected(permission, who):
    """The statuses that a refusal may have; None when the request must get through to the handler."""
    allowed, refusal, _ = RULES[permission]
    if who in allowed:
        return None
    if who in WITHOUT:
        return {401}
    return {403} if who in VIEWERS else {refusal}


def scopes_of(route):
    """Those that a key needs for this route."""
    return {RULES[route["permission"]][2], SECOND_SCOPE.get((route["method"], route["path"]))} - {None}


def forged_token():
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    head, claims = {"alg": "HS256", "typ": "JWT"}, {"sub": "owner", "iss": "virga", "sid": "0" * 24, "exp": 4102444800, "iat": 1}
    return f"{part(head)}.{part(claims)}.{base64.urlsafe_b64encode(os.urandom(32)).rstrip(b'=').decode()}"


class World:
    """A server with one account per role, and their credentials."""

    def __init__(self, directory):
        self.server = Server(directory, "--registration", "open", "--public-url", "http://virga.test").start()
        self.keys = {"nobody": False, "admin": self.server.key, "foreign token": forged_token()}
        self.accounts, self.tokens, self.objects = {}, {}, None
        for who in ("stranger", "removed member", "viewer", "editor", "owner", "browser", "disabled account", "target"):
            made = self.post("/api/register", {"name": f"the-{who.replace(' ', '-')}", "password": PASSWORD}, key=False)
            self.tokens[who], self.accounts[who] = made["token"], made["account"]["id"]
            self.keys[who] = self.post("/api/keys", {"name": "all"}, key=made["token"])["key"]
        self.post(f"/api/accounts/{self.accounts['disabled account']}", {"status": "disabled"}, method="PUT")
        self.keys["revoked session"] = self.revoked_session()
        self.keys["expired key"] = self.expired_key()

    def post(self, path, body, key=True, method="POST"):
        reply = self.server.request(method, path, body, key=key)
        assert reply.status == 200, (method, path, reply.status, reply.body)
        return reply.json

    def revoked_session(self):
        token = self.post("/api/login", {"login": "the-owner", "password": PASSWORD}, key=False)["token"]
        self.post("/api/logout", {}, key=token)
        return token

    def expired_key(self):
        from datetime import datetime, timedelta, timezone
        soon = (datetime.now(timezone.utc) + timedelta(seconds=3)).isoformat().replace("+00:00", "Z")
        key = self.post("/api/keys", {"name": "old", "expires_at": soon}, key=self.tokens["owner"])["key"]
        until(lambda: self.server.request("GET", "/api/projects", key=key).status == 401, "the key expires")
        return key

    def scoped_key(self, scopes, admin):
        """A key of an owner, or of an administrator, with these scopes."""
        who = "admin" if admin else "owner"
        name = f"{who} {' '.join(sorted(scopes))}"
        if name not in self.keys:
            body = {"name": "scoped", "scopes": sorted(scopes - (set() if admin else {"admin"}))}
            self.keys[name] = self.post("/api/keys", body, key=self.keys[who])["key"]
        return name

    def project(self):
        """A new one, with a member of each role, a function with an input, a variable, a route and a domain."""
        owner = self.keys["owner"]
        project = self.post("/api/projects", {"name": f"p{os.urandom(4).hex()}"}, key=owner)
        base = f"/api/projects/{project['id']}"
        for who, role in ("viewer", "viewer"), ("editor", "editor"), ("browser", "owner"), ("removed member", "owner"):
            self.post(f"{base}/members/{self.accounts[who]}", {"role": role}, key=owner, method="PUT")
        self.post(f"{base}/members/{self.accounts['removed member']}", None, key=owner, method="DELETE")
        function = self.post("/api/functions", {"name": "f", "code": "def handler(e): return 1", "project_id": project["id"]}, key=owner)
        self.post(f"/api/functions/{function['id']}/inputs/an-input", {"input": 1}, key=owner, method="PUT")
        self.post(f"{base}/env", {"key": "NAME", "value": "v"}, key=owner)
        route = self.post(f"{base}/routes", {"function_id": function["id"], "method": "GET", "path": "/x"}, key=owner)
        return project, function, route

    def value(self, path, name):
        """What stands for a parameter of this path."""
        project, function, route = self.objects
        if name == "id":
            return (project if path.startswith("/api/projects") else function)["id"]
        return {
            "version": lambda: "1",
            "file": lambda: "docs.js",
            "name": lambda: "an-input",
            "member": lambda: self.accounts["target"],
            "domain": lambda: "matrix.example",
            "route": lambda: route["id"],
            "slug": lambda: project["slug"],
            "path": lambda: "x",
            "rest": lambda: "x",
            "call": lambda: "0" * 36,
            "backup": lambda: "0" * 36,
            "schema": lambda: "public",
            "table": lambda: "t",
            "account": lambda: self.accounts["target"],
            "session": lambda: "0" * 24,
            "invite": lambda: "0" * 24,
            "build": lambda: "0" * 24,
            "key": lambda: "NAME" if "/env/" in path else "0" * 24,
        }[name]()

    def fill(self, path):
        self.objects = self.objects or self.project()
        return "/".join(self.value(path, p[1:]) if p[:1] in (":", "*") and p else p for p in path.split("/"))

    def credentials(self, who):
        if who in PAGES:
            return {"Cookie": f"virga_session={self.tokens['browser']}", **PAGES[who]}
        return {"Authorization": f"Bearer {self.keys[who]}"} if self.keys[who] else {}

    def ask(self, route, who):
        """Only the head of the answer: some of them never end. The body is no JSON, so that nothing is changed by most; after
        what changed something, others get new objects. What somebody is told is never for a cache."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        headers = {"Content-Type": "application/json", **self.credentials(who)}
        try:
            connection.request(route["method"], self.fill(route["path"]),
                               body="{" if route["method"] in ("POST", "PUT", "PATCH") else None, headers=headers)
            reply = connection.getresponse()
            if reply.status < 400 and route["method"] in CHANGES:
                self.objects = None
            if reply.status < 400 and route["permission"] not in ("public", "call"):
                assert reply.headers["Cache-Control"] == "no-store", (route, who)
            return reply.status, reply.read() if reply.status in REFUSED else b""
        finally:
            connection.close()

    def check(self, route, who, refusal):
        """`refusal`: the statuses that it may have, or None when the handler must be reached."""
        status, body = self.ask(route, who)
        where = f"{route['method']} {route['path']} as {who}: {status} {body[:200]!r}"
        assert status < 500 or route["path"].startswith("/api/gateway"), where
        if refusal:
            assert status in refusal, where
        elif status in REFUSED and route["permission"] != "public":  # the handler's own reasons, never a missing right
            assert status != 401 and not any(word in body for word in RIGHTS), where
        return body


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("matrix"))
    yield made
    made.server.stop()


def test_every_permission_has_a_rule():
    assert {route["permission"] for route in ROUTES} <= RULES.keys()
    assert len(ROUTES) > 50


@EACH_ROUTE
def test_a_route_lets_in_whom_its_permission_names_and_nobody_else(world, route):
    for who in sorted(EVERYBODY):
        world.check(route, who, expected(route["permission"], who))


@EACH_ROUTE
def test_a_route_takes_the_scopes_of_its_permission_and_no_other(world, route):
    needed, admin = scopes_of(route), RULES[route["permission"]][2] == "admin"
    if not needed:
        return
    world.check(route, world.scoped_key(needed, admin), None)
    for scope in needed:
        body = world.check(route, world.scoped_key(set(SCOPES) - {scope}, admin), {403})
        assert scope.encode() in body, (route, body)


@EACH_ROUTE
def test_a_route_is_not_used_by_other_pages_with_the_cookie_of_somebody(world, route):
    """They count as nobody where that is enough."""
    for who in PAGES:
        harmless = who == "page without origin" and route["method"] not in CHANGES
        if route["permission"] in ("public", "call") or harmless:
            continue
        world.check(route, who, {403})
