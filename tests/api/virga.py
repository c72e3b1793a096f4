"""A private virga server for one test, and a small client for it.

The server owns a directory and a free port; it is ended by its pid. Nothing here waits for a duration: every wait is for an
event, with a deadline.

VIRGA_TEST_STORE=postgres gives every server a database of its own in a private PostgreSQL instead of a file.
"""

import http.client
import io
import json
import os
import re
import select
import signal
import socket
import subprocess
import tarfile
import time
from pathlib import Path

import contract

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("VIRGA_BUILD", ROOT / "build"))
PROGRAM = BUILD / "virga"
ON_POSTGRES = os.environ.get("VIRGA_TEST_STORE") == "postgres"
# Calls under way have 10 s, a cluster of its own 25 s, and sanitizers look through all memory at the end.
STOPPED_S = 90
LISTENING = re.compile(r"listening on http://127\.0\.0\.1:(\d+)")


def until(condition, what, deadline_s=60):
    """The first true value of condition(), polled; an assertion error naming `what` after the deadline, which is there for what
    never comes: a machine that is busy with other things may be slow."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        select.select([], [], [], 0.01)


def held_port():
    """A socket that keeps its port from everybody who does not name it, for as long as it is open: a server can be told to
    listen there, also a second time. Whoever connects meanwhile is refused."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    def __init__(self, directory, *options, env=None, command=None):
        self.directory = Path(directory)
        self.data = self.directory / "data"
        self.options = options
        if ON_POSTGRES and not command and not any(str(o).startswith("--store") for o in options):
            from postgres import database_of
            self.options = "--store", database_of(self.directory), *options
        # One of each runtime waits ahead, not four: hundreds of servers are started, and Node.js takes its time each time.
        self.command = command or [PROGRAM, "serve", "--data-dir", self.data, "--listen", "127.0.0.1:0", "--blanks", "1"]
        self.env = env or {}
        self.process = None
        self.port = None

    def start(self):
        self.log = open(self.directory / "log", "ab")
        at = len(self.log_text())
        self.process = subprocess.Popen(
            [*self.command, *self.options],
            stderr=self.log, stdin=subprocess.DEVNULL, env={**os.environ, **self.env}, start_new_session=True)

        def listening():
            assert self.process.poll() is None, "the server ended:\n" + self.log_text()
            return LISTENING.search(self.log_text()[at:])

        try:
            self.port = int(until(listening, "the server listens").group(1))
            self.key = (self.data / "owner.key").read_text().strip()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    def log_text(self):
        """Its whole lines: the end of one that is being written may be missing."""
        text = (self.directory / "log").read_text(errors="replace")
        return text[:text.rfind("\n") + 1]

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=STOPPED_S)
        self.log.close()
        return self.process.returncode

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def connection(self, timeout):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, key=True, headers=None, timeout=60):
        headers = dict(headers or {})
        if key:
            headers.setdefault("Authorization", f"Bearer {self.key if key is True else key}")
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = self.connection(timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            reply = connection.getresponse()
            answer = Reply(reply.status, reply.headers, reply.read())
            contract.check(method, path, answer)
            return answer
        finally:
            connection.close()

    def create(self, code, name=None, **fields):
        name = name or f"f{os.urandom(4).hex()}"
        reply = self.request("POST", "/api/functions", {"name": name, "code": code, **fields})
        assert reply.status == 200, reply.body
        return reply.json

    def deploy(self, files, name, **query):
        """Uploads {path: bytes or (bytes, mode)}."""
        from urllib.parse import urlencode
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for path, content in files.items():
                content, mode = content if isinstance(content, tuple) else (content, 0o644)
                info = tarfile.TarInfo(path)
                info.size, info.mode = len(content), mode
                tar.addfile(info, io.BytesIO(content))
        return self.request("POST", "/api/deploy?" + urlencode({"name": name, **query}), archive.getvalue(),
                            headers={"Content-Type": "application/x-tar"})

    def invoke(self, function, event=None, key=True, timeout=60):
        body = {} if event is None else {"input": event}
        return self.request("POST", f"/api/invoke/{function['id']}", body, key=key, timeout=timeout)

    def call(self, function, event=None):
        """The result object of a call, whatever its status."""
        reply = self.invoke(function, event)
        assert reply.status == 200, (reply.status, reply.body)
        return reply.json

    def records(self, function, query=""):
        reply = self.request("GET", f"/api/functions/{function['id']}/invocations{query}")
        assert reply.status == 200, reply.body
        return reply.json

    def metric(self, name):
        text = self.request("GET", "/metrics").body.decode()
        for line in text.splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        raise AssertionError(f"no metric {name}")

    def spawner_pid(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        children = [c for c in children if Path(f"/proc/{c}/comm").read_text() == "virga-spawner\n"]
        assert len(children) == 1, children
        return int(children[0])


def descendants(pid):
    """All processes below `pid`, as pids."""
    found = []
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return found
    for child in children:
        found += [int(child), *descendants(int(child))]
    return found
