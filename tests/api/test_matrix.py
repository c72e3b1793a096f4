"""Who may do what: every route of the server, asked by everybody there is.

The list of routes comes from the server itself (`virga serve --print-routes`), so that a new one cannot be forgotten: one whose
permission or path parameter is not known here fails the test.
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
VIEWERS, EDITORS, OWNERS = {"viewer", "editor", "owner"}, {"editor", "owner"}, {"owner"}
ACCOUNTS = {"stranger", "viewer", "editor", "owner", "admin"}
WITHOUT = {"nobody", "expired key", "revoked session", "foreign token"}
EVERYBODY = ACCOUNTS | WITHOUT | {"narrow key"}

RIGHTS = (b"scope", b"role", b"administrator", b"Project not found", b"Function not found")

# Permission: who is let in, and what the others with an account are told.
RULES = {
    "public": (EVERYBODY, None),
    "call": (EVERYBODY, None),
    "account": (ACCOUNTS, 403),
    "projects:read": (ACCOUNTS, 403),
    "projects:create": (ACCOUNTS, 403),
    "functions:read": (ACCOUNTS, 403),
    "functions:create": (ACCOUNTS, 403),
    "stats:read": (ACCOUNTS | {"narrow key"}, 403),
    "calls:read": (VIEWERS | {"narrow key"}, 404),
    "project:view": (VIEWERS, 404),
    "project:edit": (EDITORS, 404),
    "project:own": (OWNERS, 404),
    "project:reveal": (OWNERS, 404),
    "function:view": (VIEWERS, 404),
    "function:edit": (EDITORS, 404),
    "admin": ({"admin"}, 403),
    "metrics:read": ({"admin"}, 403),
}


def routes():
    text = subprocess.run([PROGRAM, "serve", "--print-routes"], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


ROUTES = routes()


def expected(permission, who):
    """The statuses that a refusal may have; None when the request must get through to the handler."""
    allowed, refusal = RULES[permission]
    if who in allowed:
        return None
    if who in WITHOUT:
        return {401}
    if who == "narrow key" and permission != "calls:read":
        return {403}
    if who in VIEWERS:
        return {403}
    return {refusal}


def forged_token():
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    head, claims = {"alg": "HS256", "typ": "JWT"}, {"sub": "owner", "iss": "virga", "sid": "0" * 24, "exp": 4102444800, "iat": 1}
    return f"{part(head)}.{part(claims)}.{base64.urlsafe_b64encode(os.urandom(32)).rstrip(b'=').decode()}"


class World:
    """A server with one account per role, and their keys."""

    def __init__(self, directory):
        self.server = Server(directory, "--registration", "open", "--public-url", "http://virga.test").start()
        self.keys = {"nobody": False, "admin": self.server.key, "foreign token": forged_token()}
        self.accounts, self.tokens = {}, {}
        for who in ("stranger", "viewer", "editor", "owner", "target"):
            made = self.post("/api/register", {"name": f"the-{who}", "password": PASSWORD}, key=False)
            self.tokens[who], self.accounts[who] = made["token"], made["account"]["id"]
            self.keys[who] = self.post("/api/keys", {"name": "all"}, key=made["token"])["key"]
        self.keys["narrow key"] = self.post("/api/keys", {"name": "n", "scopes": ["calls:read"]}, key=self.tokens["owner"])["key"]
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
        soon = (datetime.now(timezone.utc) + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
        key = self.post("/api/keys", {"name": "old", "expires_at": soon}, key=self.tokens["owner"])["key"]
        until(lambda: self.server.request("GET", "/api/projects", key=key).status == 401, "the key expires")
        return key

    def project(self):
        """A new one, with a member of each role, a function with an input, a variable, a route and a domain."""
        owner = self.keys["owner"]
        project = self.post("/api/projects", {"name": f"p{os.urandom(4).hex()}"}, key=owner)
        base = f"/api/projects/{project['id']}"
        for role in ("viewer", "editor"):
            self.post(f"{base}/members/{self.accounts[role]}", {"role": role}, key=owner, method="PUT")
        function = self.post("/api/functions", {"name": "f", "code": "def handler(e): return 1", "project_id": project["id"]}, key=owner)
        self.post(f"/api/functions/{function['id']}/inputs/an-input", {"input": 1}, key=owner, method="PUT")
        self.post(f"{base}/env", {"key": "NAME", "value": "v"}, key=owner)
        route = self.post(f"{base}/routes", {"function_id": function["id"], "method": "GET", "path": "/x"}, key=owner)
        return project, function, route

    def value(self, path, name, objects):
        """What stands for a parameter of this path."""
        project, function, route = objects
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

    def fill(self, path, objects):
        parts = [self.value(path, p[1:], objects) if p[:1] in (":", "*") and p else p for p in path.split("/")]
        return "/".join(parts)

    def ask(self, route, who, objects):
        """Only the head of the answer: some of them never end. The body is no JSON, so that nothing is changed by most."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        headers = {"Content-Type": "application/json"}
        if self.keys[who]:
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        try:
            connection.request(route["method"], self.fill(route["path"], objects),
                               body="{" if route["method"] in ("POST", "PUT", "PATCH") else None, headers=headers)
            reply = connection.getresponse()
            return reply.status, reply.read() if reply.status in REFUSED else b""
        finally:
            connection.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("matrix"))
    yield made
    made.server.stop()


def test_every_permission_has_a_rule():
    assert {route["permission"] for route in ROUTES} <= RULES.keys()
    assert len(ROUTES) > 50


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r['method']} {r['path']}")
def test_a_route_lets_in_whom_its_permission_names_and_nobody_else(world, route):
    for who in sorted(EVERYBODY):
        objects = world.project()
        status, body = world.ask(route, who, objects)
        refusal = expected(route["permission"], who)
        where = f"{route['method']} {route['path']} as {who}: {status} {body[:200]!r}"
        assert status < 500 or route["path"].startswith("/api/gateway"), where
        if refusal:
            assert status in refusal, where
        elif status in REFUSED and route["permission"] != "public":  # the handler's own reasons, never a missing right
            assert status != 401 and not any(word in body for word in RIGHTS), where
