"""Who may not go on does not: every operation that streams is opened, the right to it taken away, and the stream seen to end.

Which operations stream, the contract says: those whose answer is anything but JSON. One that is new is named here, or the first test
fails.
"""

import os
import socket
import sys
import time
from pathlib import Path

import pytest
from contract import operations, resolve
from test_security import Person, ok
from virga import Server

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from packages import Registry  # noqa: E402

SILENT_S, LAST_S = 10, 40  # of a stream that has not ended, before ENDLESS says more
ENDLESS = "import time\ndef handler(event):\n    yield {'statusCode': 200}\n    yield 'first'\n    time.sleep(50)\n    yield 'last'\n"
LONG = "def handler(event): return 'x' * 60000"
RECORDS = 200
BACKUP, BACKUP_BYTES = "0" * 36, 64 << 20

# Operation: what it takes to open one that does not end by itself. "- reason" where nothing streams.
STREAMS = {
    "metrics": "- an answer in one piece",
    "buildEvents": ("GET", "/api/projects/{project}/builds/{build}/events"),
    "databaseBackup": ("GET", f"/api/projects/{{project}}/database/backups/{BACKUP}"),
    "invoke": ("POST", "/api/invoke/{endless}"),
    "functionTail": ("GET", "/api/functions/{long}/invocations/tail"),
    "projectTail": ("GET", "/api/projects/{project}/invocations/tail"),
    "allTail": ("GET", "/api/invocations/tail"),
    "functionExport": ("GET", "/api/functions/{long}/invocations/export"),
    "projectExport": ("GET", "/api/projects/{project}/invocations/export"),
    "allExport": ("GET", "/api/invocations/export"),
    **{f"gateway{method.title()}{name}": (method, f"/api/gateway/{{slug}}{path}")
       for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS") for name, path in (("Root", ""), ("Path", "/a/b"))},
    "gatewayHeadRoot": "- no body", "gatewayHeadPath": "- no body",
}
# What goes on for people who are in no project any more: it is about their account.
OF_THE_ACCOUNT = {"allTail", "allExport"}
CASES = [name for name, how in STREAMS.items() if isinstance(how, tuple)]


def streams():
    """Operations of the contract with an answer that is not JSON."""
    for _, _, operation in operations():
        kinds = {kind for status, answer in operation["responses"].items() if status[0] not in "45"
                 for kind in resolve(answer).get("content", {})}
        if kinds - {"application/json"}:
            yield operation["operationId"]


def test_every_operation_that_streams_is_known_here():
    assert set(streams()) == STREAMS.keys()


class Stream:
    """A request whose answer has begun, of a client that reads little: what is long has to wait for it."""

    def __init__(self, server, method, path, key, socket_key=None):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(15)
        self.socket.connect(("127.0.0.1", server.port))
        upgrade = f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {socket_key}\r\n"
        body = '{"input": {}}' if method == "POST" else ""
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {key}\r\n"
                            f"Accept: text/event-stream\r\n{upgrade if socket_key else ''}"
                            f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        self.got = b""
        while b"\r\n\r\n" not in self.got:
            self.more()
        assert self.got.split()[1] in (b"200", b"101"), self.got

    def more(self):
        piece = self.socket.recv(1 << 16)
        self.got += piece
        return piece

    def ends_soon(self):
        """What comes until the connection ends. It must: a stream that goes on, or is complete, has not been ended. What was sent
        before may take long to come, but it comes without a pause."""
        deadline = time.monotonic() + LAST_S
        self.socket.settimeout(SILENT_S)
        try:
            while self.more() and b"event: end\n" not in self.got and b"\x03\xf0This" not in self.got:  # a close waits for its answer
                assert time.monotonic() < deadline, f"it goes on: {self.got[-200:]}"
        except ConnectionResetError:
            pass
        self.socket.close()
        return self.got


class World:
    def __init__(self, server, registry):
        self.server = server
        self.boss = Person(server)
        project = self.boss.project()
        self.project, self.members = project["id"], f"/api/projects/{project['id']}/members"
        limits = {"timeout_ms": 60000}
        endless = self.boss.function(name="endless", code=ENDLESS, project_id=self.project, access="private", limits=limits)
        long = self.boss.function(name="long", code=LONG, project_id=self.project)
        for path in "/", "/*rest":
            ok(self.boss.ask("POST", f"/api/projects/{self.project}/routes",
                             {"function_id": endless["id"], "method": "ANY", "path": path}))
        for _ in range(RECORDS):
            ok(self.boss.ask("POST", f"/api/invoke/{long['id']}", {"input": {}}))
        kept = server.data / "backups" / self.project
        kept.mkdir(parents=True)
        with open(kept / f"{BACKUP}.dump", "wb") as file:
            file.truncate(BACKUP_BYTES)
        user = os.stat(server.data).st_uid
        for path in kept.parent, kept, kept / f"{BACKUP}.dump":
            os.chown(path, user, -1)
        build = self.boss.ask("POST", f"/api/projects/{self.project}/builds", {"requirements_txt": "slow"})
        assert build.status == 202, build.body
        self.names = {"project": self.project, "slug": project["slug"], "endless": endless["id"], "long": long["id"],
                      "build": build.json["id"]}

    def join(self, who):
        ok(self.boss.ask("PUT", f"{self.members}/{who.name}", {"role": "owner"}))

    def open(self, operation, key, **more):
        method, path = STREAMS[operation]
        return Stream(self.server, method, path.format(**self.names), key, **more)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with Registry() as registry:
        registry.source("slow", "1.0", "import time\nprint('building slow', flush=True)\ntime.sleep(300)", {"slow.py": ""})
        options = ("--registration", "open", "--pip-index-url", registry.index)
        with Server(tmp_path_factory.mktemp("rights"), *options) as server:
            yield World(server, registry)


def endings(world, guest, operation):
    """(what happens, the credential that opened the stream, how it happens), in an order in which each finds the right in place."""
    server, key = world.server, ok(guest.ask("POST", "/api/keys", {"name": "k"}))
    other = ok(guest.ask("POST", "/api/keys", {"name": "l"}))["key"]
    account = f"/api/accounts/{guest.id}"
    yield "key revoked", key["key"], lambda: ok(guest.ask("DELETE", f"/api/keys/{key['id']}"))
    if operation not in OF_THE_ACCOUNT:
        yield "member removed", other, lambda: ok(world.boss.ask("DELETE", f"{world.members}/{guest.name}"))
        world.join(guest)
    yield "account disabled", other, lambda: ok(server.request("PUT", account, {"status": "disabled"}))
    ok(server.request("PUT", account, {"status": "active"}))
    yield "signed out", guest.token, lambda: ok(guest.ask("POST", "/api/logout", {}))


def check_ended(got, what):
    assert not got.endswith(b"0\r\n\r\n") or b"event: end" in got, f"{what}: complete: {got[-200:]}"
    assert b"last" not in got, what


@pytest.mark.parametrize("operation", CASES)
def test_a_stream_ends_with_the_right_to_it(world, operation):
    guest = Person(world.server)
    world.join(guest)
    for what, credential, end in endings(world, guest, operation):
        stream = world.open(operation, credential)
        end()
        check_ended(stream.ends_soon(), f"{operation}, {what}")


@pytest.mark.parametrize("operation", [name for name in CASES if name.endswith("Tail")])
def test_a_tail_by_websocket_ends_with_the_right_to_it(world, operation):
    guest = Person(world.server)
    world.join(guest)
    for what, credential, end in endings(world, guest, operation):
        stream = world.open(operation, credential, socket_key="MDEyMzQ1Njc4OWFiY2RlZg==")
        end()
        assert b"\x03\xf0This account may not" in stream.ends_soon(), (operation, what)


def test_others_go_on(world):
    guest, stays = Person(world.server), Person(world.server)
    world.join(guest)
    world.join(stays)
    left, kept = (world.open("projectTail", who.token) for who in (guest, stays))
    call = world.open("invoke", stays.token)
    ok(world.boss.ask("DELETE", f"{world.members}/{guest.name}"))
    check_ended(left.ends_soon(), "removed")
    ok(world.boss.ask("POST", f"/api/invoke/{world.names['long']}", {"input": {"seen": 1}}))
    while b"seen" not in kept.got:
        assert kept.more()
    assert b"event: end" not in kept.got
    call.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        while call.more():
            pass
    for stream in kept, call:
        stream.socket.close()
