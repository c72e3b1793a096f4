"""kill -9 at any moment: what was acknowledged is there after the next start, and the store always opens.

VIRGA_CRASH_ROUNDS says how often per store (15; `make crash`: 1000).
"""

import http.client
import os
import random
import select
import signal
import threading

import pytest
from virga import Server

ROUNDS = int(os.environ.get("VIRGA_CRASH_ROUNDS", "15"))
WRITERS = 4
pytestmark = pytest.mark.timeout(120 + 20 * ROUNDS)  # against hanging only


class Writer(threading.Thread):
    """Changes things as fast as it can, and notes what was acknowledged, until the server is gone."""

    def __init__(self, server, number, enough):
        super().__init__()
        self.server, self.number, self.enough = server, number, enough
        self.acknowledged = 0
        self.project = None
        self.present, self.absent, self.codes, self.variables = set(), set(), {}, {}

    def run(self):
        try:
            while True:
                self.step()
                self.enough.release()
        except (OSError, http.client.HTTPException):
            self.enough.release()  # the server was killed

    def send(self, method, path, body=None):
        reply = self.server.request(method, path, body, timeout=60)
        if reply.status != 200:
            raise OSError(f"{method} {path}: {reply.status} {reply.body}")
        self.acknowledged += 1
        return reply.json

    def step(self):
        if not self.project:
            self.project = self.send("POST", "/api/projects", {"name": f"crash {os.urandom(6).hex()}"})["id"]
        kind = random.choice(("create", "save", "delete", "variable"))
        if kind == "create" or not self.present:
            code = f"def handler(e): return {random.random()}"
            made = self.send("POST", "/api/functions", {"name": os.urandom(8).hex(), "code": code, "project_id": self.project})
            self.present.add(made["id"])
            self.codes[made["id"]] = {code}
        elif kind == "save":
            id, code = random.choice(sorted(self.present)), f"def handler(e): return {random.random()}"
            before = self.codes[id]
            self.codes[id] = before | {code}  # until it is acknowledged either may be there
            self.send("PUT", f"/api/functions/{id}", {"code": code})
            self.codes[id] = {code}
        elif kind == "delete":
            id = random.choice(sorted(self.present))
            self.present.remove(id)  # from here on it may be gone
            self.send("DELETE", f"/api/functions/{id}")
            self.absent.add(id)
        else:
            key, value = f"K{random.randrange(5)}", str(random.random())
            self.variables[key] = self.variables.get(key, {None}) | {value}
            self.send("POST", f"/api/projects/{self.project}/env", {"key": key, "value": value, "is_secret": False})
            self.variables[key] = {value}

    def check(self, server):
        """Everything acknowledged is there; what was under way is whole or not at all."""
        for id in self.present:
            reply = server.request("GET", f"/api/functions/{id}")
            assert reply.status == 200 and reply.json["code"] in self.codes[id], f"lost: function {id} {reply.body[:200]}"
            versions = server.request("GET", f"/api/functions/{id}/versions").json
            assert versions[0]["version"] == len(versions), "a version is missing"
        for id in self.absent:
            assert server.request("GET", f"/api/functions/{id}").status == 404, f"came back: {id}"
        if self.project:
            env = {v["key"]: v["value"] for v in server.request("GET", f"/api/projects/{self.project}/env").json}
            for key, values in self.variables.items():
                assert env.get(key) in values, f"lost: variable {key}"


def one_round(directory, options):
    writes = random.randrange(1, 60)
    server = Server(directory, *options).start()
    enough = threading.Semaphore(0)
    writers = [Writer(server, n, enough) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    for _ in range(writes):
        assert enough.acquire(timeout=60)
    select.select([], [], [], random.random() / 500)  # the moment within a write is the subject
    server.stop(signal.SIGKILL)
    for writer in writers:
        writer.join(60)
        assert not writer.is_alive()
    with Server(directory, *options) as again:
        for writer in writers:
            writer.check(again)
        for writer in writers:
            if writer.project:
                assert again.request("DELETE", f"/api/projects/{writer.project}").status == 200
    return sum(writer.acknowledged for writer in writers)


def rounds(capsys, store, directory, *options):
    acknowledged = sum(one_round(directory, options) for _ in range(ROUNDS))
    with capsys.disabled():
        print(f"\n{store}: killed {ROUNDS} times, started {2 * ROUNDS} times, {acknowledged:,} acknowledged writes, 0 lost")


def test_sqlite_loses_no_acknowledged_write_when_the_server_is_killed(tmp_path, capsys):
    rounds(capsys, "SQLite", tmp_path)


def test_postgresql_loses_no_acknowledged_write_when_the_server_is_killed(tmp_path, capsys, postgres):
    rounds(capsys, "PostgreSQL", tmp_path, "--store", postgres.url("crash"))
