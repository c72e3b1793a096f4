"""Whether everything that changes something leaves a line in the audit log: each operation of the contract that is not a GET is done
here and its line looked for, or it has a reason to leave none. One that is new is named here, or the first test fails.
"""

import io
import json
import os
import re
import sys
import tarfile
from pathlib import Path
from urllib.parse import quote

import pytest
from contract import operations
from test_databases import Admin
from virga import Server, until

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from packages import Registry  # noqa: E402

HUSH = "correct-horse-hush"  # a secret wherever one can be given; no line may have it
HANDLER = "def handler(event): return {}"


def ok(reply, status=200):
    assert reply.status == status, (reply.status, reply.body)
    return reply.json


class World:
    """One of everything, made by the steps in their order; `ask` says as whom."""

    def __init__(self, server):
        self.server = server

    def ask(self, method, path, body=None, key=True, status=200, **more):
        return ok(self.server.request(method, path, body, key=key, **more), status)

    def at(self, rest=""):
        return f"/api/projects/{self.project['id']}{rest}"

    def lines(self, since=0):
        return [line for line in self.ask("GET", "/api/audit?limit=1000") if line["number"] > since]

    # accounts

    def setup(self):
        link = until(lambda: re.search(r"/setup\?token=(\S+)", self.server.log_text()), "the set-up link")
        self.ask("POST", "/api/setup", {"token": link.group(1), "name": "olga", "password": HUSH}, key=False)

    def register(self):
        self.ann = self.ask("POST", "/api/register", {"name": "ann", "password": HUSH}, key=False)

    def login(self):
        self.token = self.ask("POST", "/api/login", {"login": "ann", "password": HUSH}, key=False)["token"]

    def end_session(self):
        other = [s for s in self.ask("GET", "/api/sessions", key=self.token) if not s["current"]]
        self.ask("DELETE", f"/api/sessions/{other[0]['id']}", key=self.token)

    def create_key(self):
        self.key = self.ask("POST", "/api/keys", {"name": "ci"}, key=self.token)

    def invite(self):
        self.invited = self.ask("POST", "/api/invites", {})

    # projects

    def create_project(self):
        self.project = self.ask("POST", "/api/projects", {"name": "Shop"})

    def create_function(self):
        body = {"name": "f", "code": HANDLER, "project_id": self.project["id"], "environment": {"E": HUSH}}
        self.fn = self.ask("POST", "/api/functions", body)["id"]

    def deploy(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, text in ("main.py", HANDLER + "\n"), ("virga.json", json.dumps({"limits": {"memory_mb": 99}})):
                info = tarfile.TarInfo(name)
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text.encode()))
        path = f"/api/deploy?name=f&project={self.project['id']}"
        self.ask("POST", path, out.getvalue(), headers={"Content-Type": "application/x-tar"})

    def create_route(self):
        body = {"function_id": self.fn, "method": "GET", "path": "/a"}
        self.route = self.at("/routes/") + self.ask("POST", self.at("/routes"), body)["id"]

    def cancel_build(self):
        build = self.ask("POST", self.at("/builds"), {"requirements_txt": "slow"}, status=202)["id"]
        self.ask("POST", self.at(f"/builds/{build}/cancel"))

    def back_up(self):
        self.backup = self.at("/database/backups/") + self.ask("POST", self.at("/database/backups"))["id"]

    def named(self, method, path):
        self.ask(method, f"{path}?name={quote('Store')}", timeout=120)


# (operation, the line's action, what it says, how it is done), in an order in which each finds what it takes.
STEPS = [
    ("setup", "setup", None, World.setup),
    ("register", "account.create", None, World.register),
    ("login", "login", None, World.login),
    ("changeAccount", "account.change", None, lambda w: w.ask("PUT", "/api/account", {"email": "ann@x.example"}, key=w.token)),
    ("endSession", "session.revoke", None, World.end_session),
    ("endSessions", "session.revoke_others", None, lambda w: w.ask("DELETE", "/api/sessions", key=w.token)),
    ("createKey", "key.create", "ci", World.create_key),
    ("revokeKey", "key.revoke", None, lambda w: w.ask("DELETE", f"/api/keys/{w.key['id']}", key=w.token)),
    ("changePassword", "account.password", None,
     lambda w: w.ask("PUT", "/api/account/password", {"old": HUSH, "new": HUSH + "2"}, key=w.token)),
    ("changeAnAccount", "account.administrate", None,
     lambda w: w.ask("PUT", f"/api/accounts/{w.ann['account']['id']}", {"quota_projects": 5})),
    ("invite", "invite.create", None, World.invite),
    ("revokeInvite", "invite.delete", None, lambda w: w.ask("DELETE", f"/api/invites/{w.invited['id']}")),
    ("createProject", "project.create", "shop", World.create_project),
    ("changeProject", "project.update", "store active cors",
     lambda w: w.ask("PUT", w.at(), {"name": "Store", "status": "active", "cors": {"enabled": True}})),
    ("setMember", "member.set", None, lambda w: w.ask("PUT", w.at("/members/ann"), {"role": "editor"})),
    ("removeMember", "member.remove", None, lambda w: w.ask("DELETE", w.at("/members/ann"))),
    ("setVariable", "variable.set", "A", lambda w: w.ask("POST", w.at("/env"), {"key": "A", "value": HUSH})),
    ("revealVariable", "variable.reveal", "A", lambda w: w.ask("POST", w.at("/env/A/reveal"))),
    ("replaceVariables", "variables.replace", "2 set, 1 removed: +B, +C, -A",
     lambda w: w.ask("PUT", w.at("/env"), {"variables": [{"key": "B", "value": HUSH}, {"key": "C", "value": HUSH}]})),
    ("removeVariable", "variable.delete", "B", lambda w: w.ask("DELETE", w.at("/env/B"))),
    ("addDomain", "domain.add", "a.example", lambda w: w.ask("POST", w.at("/domains"), {"domain": "a.example"})),
    ("removeDomain", "domain.remove", "a.example", lambda w: w.ask("DELETE", w.at("/domains/a.example"))),
    ("createFunction", "function.create", "f", World.create_function),
    ("deploy", "function.deploy", "f, version 2, memory_mb", World.deploy),
    ("changeFunction", "function.change", "g, was f, access, environment",
     lambda w: w.ask("PUT", f"/api/functions/{w.fn}", {"name": "g", "access": "key", "environment": {"E": HUSH + "3"},
                                                       "description": ""})),
    ("activateVersion", "function.rollback", "g, version 1", lambda w: w.ask("PUT", f"/api/functions/{w.fn}/versions/1")),
    ("saveInput", "input.save", "g, usual", lambda w: w.ask("PUT", f"/api/functions/{w.fn}/inputs/usual", {"input": {"x": HUSH}})),
    ("removeInput", "input.delete", "g, usual", lambda w: w.ask("DELETE", f"/api/functions/{w.fn}/inputs/usual")),
    ("createRoute", "route.create", "GET /a", World.create_route),
    ("changeRoute", "route.change", "POST /b, was GET /a, description",
     lambda w: w.ask("PUT", w.route, {"method": "POST", "path": "/b", "description": "x"})),
    ("removeRoute", "route.delete", "POST /b", lambda w: w.ask("DELETE", w.route)),
    ("deleteFunction", "function.delete", "g", lambda w: w.ask("DELETE", f"/api/functions/{w.fn}")),
    ("startBuild", "packages.save", None, lambda w: w.ask("POST", w.at("/builds"), {"requirements_txt": ""}, status=202)),
    ("cancelBuild", "packages.cancel", None, World.cancel_build),
    ("setRequirements", "packages.save", None, lambda w: w.ask("PUT", w.at("/requirements"), {"requirements_txt": "# none"})),
    ("provisionDatabase", "database.provision", None, lambda w: w.ask("POST", w.at("/database/provision"))),
    ("databaseQuery", "database.query", None, lambda w: w.ask("POST", w.at("/database/query"), {"sql": f"SELECT '{HUSH}'"})),
    ("revealDatabaseUrl", "database.reveal", None, lambda w: w.ask("POST", w.at("/database/reveal"))),
    ("rotateDatabasePassword", "database.rotate", None, lambda w: w.ask("POST", w.at("/database/rotate"))),
    ("backUpDatabase", "database.backup", None, World.back_up),
    ("restoreDatabase", "database.restore", None, lambda w: w.named("POST", w.backup + "/restore")),
    ("removeDatabaseBackup", "database.backup.delete", None, lambda w: w.ask("DELETE", w.backup)),
    ("deprovisionDatabase", "database.deprovision", None, lambda w: w.named("DELETE", w.at("/database/deprovision"))),
    ("deleteProject", "project.delete", "store", lambda w: w.ask("DELETE", w.at())),
    ("logout", "logout", None, lambda w: w.ask("POST", "/api/logout", {}, key=w.token)),
    ("resetPassword", "account.password_reset", "ann",
     lambda w: w.ask("POST", f"/api/accounts/{w.ann['account']['id']}/password-reset")),
    ("deleteAnAccount", "account.delete", None, lambda w: w.ask("DELETE", f"/api/accounts/{w.ann['account']['id']}")),
    ("deleteAccount", "account.delete", None, None),
]
NONE = {"invoke": "a call: its record says when and from where", "load": "nothing is stored"}


def test_every_operation_that_changes_something_is_known_here():
    changing = {operation["operationId"] for method, path, operation in operations()
                if method != "GET" and not path.startswith("/api/gateway")}  # calls of functions, too
    assert changing == {step[0] for step in STEPS} | NONE.keys()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with Registry() as registry, Admin() as admin:
        registry.source("slow", "1.0", "import time\ntime.sleep(300)", {"slow.py": ""})
        options = ("--registration", "open", "--pip-index-url", registry.index, "--database-provider", "server",
                   "--database-url", admin.tcp)
        with Server(tmp_path_factory.mktemp("audit"), *options) as server:
            yield World(server)


def close_account(world):
    bob = world.ask("POST", "/api/register", {"name": "bob", "password": HUSH}, key=False)
    world.ask("DELETE", "/api/account", {"password": HUSH}, key=bob["token"])


def test_each_of_them_leaves_its_line_and_no_secret(world):
    seen = 0
    for operation, action, detail, do in STEPS:
        (do or close_account)(world)
        new = [line for line in world.lines(seen) if line["action"] == action]
        assert new, f"{operation} leaves no line '{action}'"
        assert detail is None or new[0]["detail"] == detail, (operation, new)
        assert new[0]["address"] == "127.0.0.1" and new[0]["account_id"], (operation, new)
        if hasattr(world, "project") and action.split(".")[0] not in ("account", "session", "key", "invite", "login", "logout"):
            assert new[0]["object"] == world.project["id"], (operation, new)
        seen = max(line["number"] for line in world.lines())
    assert HUSH not in json.dumps(world.lines())


def test_a_function_without_a_project_has_lines_of_its_own(world):
    fn = world.ask("POST", "/api/functions", {"name": f"lone{os.urandom(3).hex()}", "code": HANDLER})
    path, mine = f"/api/functions/{fn['id']}", f"/api/audit?object={fn['id']}"
    world.ask("PUT", path, {"description": "x"})
    assert [line["action"] for line in world.ask("GET", mine)] == ["function.change", "function.create"]
    world.ask("PUT", path, {"description": "x", "environment": {}})
    assert len(world.ask("GET", mine)) == 2, "what changes nothing leaves nothing"
    project = world.ask("POST", "/api/projects", {"name": "Other"})["id"]
    world.ask("PUT", path, {"project_id": project})
    told = [world.ask("GET", place)[0]["detail"] for place in (mine, f"/api/projects/{project}/audit")]
    assert told == [f"{fn['name']}, project"] * 2, "both places hear of a move"


def test_a_line_is_bounded(world):
    project = world.ask("POST", "/api/projects", {"name": "Many"})["id"]
    variables = [{"key": f"NAME_{n:03}", "value": "x"} for n in range(100)]
    world.ask("PUT", f"/api/projects/{project}/env", {"variables": variables})
    detail = world.ask("GET", f"/api/projects/{project}/audit")[0]["detail"]
    assert detail.startswith("100 set, 0 removed: +NAME_000, +NAME_001") and detail.endswith("\u2026")
    assert len(detail.encode()) <= 300
