"""virga-packages, the program of a build's slot, driven over its socket as the server does it."""

import array
import fcntl
import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from packages import Registry  # noqa: E402

PROGRAM = Path(os.environ.get("VIRGA_BUILD", "build")).resolve() / "runners/packages/virga-packages"
ENV, FILE, RUN, ASK = 1, 2, 3, 4
LISTENER, RUNTIME, INDEX, INSTALLED, PACKAGE, LOCK, ENTRY, DATA, DONE, FAILED = range(0x81, 0x8b)
PYTHON, NODE = b"\0", b"\1"
HEADER = struct.Struct("<IBBH")
DEADLINE_S = 120


class Way:
    """The way out of a build: a proxy for whole URLs on a listener that was handed over."""

    def __init__(self, fd):
        self.listener, self.asked = socket.socket(fileno=fd), []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection, connection.makefile("rb") as lines:
            method, url, _ = lines.readline().decode().split()
            fields = dict(line.decode().strip().split(": ", 1) for line in iter(lines.readline, b"\r\n"))
            self.asked.append(url)
            parts = urlsplit(url)
            outside = http.client.HTTPConnection(parts.netloc, timeout=DEADLINE_S)
            outside.request(method, parts.path, headers={**fields, "Connection": "close"})
            reply = outside.getresponse()
            body = reply.read()
            head = "".join(f"{k}: {v}\r\n" for k, v in reply.getheaders() if k.lower() != "connection")
            connection.sendall(f"HTTP/1.1 {reply.status} X\r\n{head}Connection: close\r\n\r\n".encode() + body)


class Builder:
    def __init__(self, top):
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(DEADLINE_S)
        self.log = open(top / "log", "wb+")
        self.work = top / "work"
        self.work.mkdir()
        low = fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD, 10)
        self.process = subprocess.Popen(  # 3 is what the sandbox gives a slot's program
            ["/bin/bash", "-c", f'exec "$0" "$1" 3<&{low} {low}<&-', str(PROGRAM), str(self.work)],
            pass_fds=[low], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env={})
        os.close(low)
        theirs.close()
        fds = array.array("i")
        data, control, _, _ = self.socket.recvmsg(HEADER.size, socket.CMSG_SPACE(4))
        assert HEADER.unpack(data)[1] == LISTENER
        fds.frombytes(control[0][2][:4])
        self.way = Way(fds[0])
        kind, self.runtime = self.receive()
        assert kind == RUNTIME

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.way.listener.close()
        self.socket.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE_S)
        self.log.close()

    def send(self, kind, payload=b""):
        self.socket.sendall(HEADER.pack(len(payload), kind, 0, 0) + payload)

    def receive(self):
        length, kind, flags, number = HEADER.unpack(self.take(HEADER.size))
        assert (flags, number) == (0, 0)
        return kind, self.take(length)

    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            assert more, "the program has closed its socket: " + self.printed()
            data += more
        return data

    def printed(self):
        self.log.seek(0)
        return self.log.read().decode()

    def order(self, language, environment, files):
        for name, value in environment.items():
            self.send(ENV, f"{name}={value}".encode())
        for name, content in files.items():
            self.send(FILE, bytes([len(name)]) + name.encode() + content.encode())
        self.send(RUN, language)

    def result(self):
        """{path: (kind, bytes)}, sorted packages, the lock. Raises AssertionError with the log on a failure."""
        files, packages, lock = {}, [], b""
        while True:
            kind, payload = self.receive()
            assert kind != FAILED, payload.decode() + "\n" + self.printed()
            if kind == DONE:
                return files, sorted(packages), lock.decode()
            if kind == PACKAGE:
                n = payload[0]
                packages.append((payload[1:1 + n].decode(), payload[1 + n:].decode()))
            elif kind == LOCK:
                lock += payload
            elif kind == ENTRY:
                what, size, length = struct.unpack_from("<BQH", payload)
                path, target = payload[11:11 + length].decode(), payload[11 + length:]
                data = b""
                while len(data) < size:
                    kind, piece = self.receive()
                    assert kind == DATA
                    data += piece
                files[path] = (what, target or data)

    def failure(self):
        while True:
            kind, payload = self.receive()
            assert kind != DONE, "it succeeded"
            if kind == FAILED:
                return payload.decode()


@pytest.fixture
def registry():
    with Registry() as r:
        yield r


@pytest.fixture
def builder(tmp_path):
    with Builder(tmp_path) as b:
        yield b


def test_wheels_are_installed_with_what_they_need(builder, registry):
    registry.wheel("hello", "1.0", {"hello/__init__.py": "WORD = 'hi'\n"}, requires=["dep-one>=1"])
    registry.wheel("dep-one", "2.1", {"dep_one.py": "x = 1\n"})
    builder.order(PYTHON, {"PIP_INDEX_URL": registry.index}, {"requirements.txt": "hello==1.0\n"})
    files, packages, _ = builder.result()
    assert packages == [("dep-one", "2.1"), ("hello", "1.0")]
    assert files["python/hello/__init__.py"] == (0, b"WORD = 'hi'\n")
    assert any(path.startswith("python/hello/__pycache__/") for path in files), "compiled ahead"
    assert any(registry.files_host in url for url in builder.way.asked), "files came through the way out"


def test_compiled_files_do_not_depend_on_the_times_of_their_sources(builder, registry):
    registry.wheel("hello", "1.0", {"hello.py": "WORD = 'hi'\n"})
    builder.order(PYTHON, {"PIP_INDEX_URL": registry.index}, {"requirements.txt": "hello\n"})
    files, _, _ = builder.result()
    compiled = [content for path, (_, content) in files.items() if path.endswith(".pyc")]
    assert compiled and all(struct.unpack_from("<I", c, 4)[0] == 1 for c in compiled), "unchecked hash (PEP 552)"
    assert all(b"/opt/layer/python/hello.py" in c for c in compiled)


def test_source_packages_are_built(builder, registry):
    registry.source("built", "0.3", "print('built here')", {"built.py": "y = 2\n"})
    builder.order(PYTHON, {"PIP_INDEX_URL": registry.index}, {"requirements.txt": "built\n"})
    files, packages, _ = builder.result()
    assert packages == [("built", "0.3")] and files["python/built.py"] == (0, b"y = 2\n")


def test_a_package_that_is_not_there_is_told_in_pips_words(builder, registry):
    builder.order(PYTHON, {"PIP_INDEX_URL": registry.index}, {"requirements.txt": "missing==9\n"})
    assert "pip ended with status 1" in builder.failure()
    assert "No matching distribution found for missing==9" in builder.printed()


def test_node_packages_run_their_scripts_and_bring_a_lock(builder, registry):
    registry.npm("left", "1.0.0", {"index.js": "module.exports = 1", "tool.js": "#!/usr/bin/env node\n"},
                 scripts={"install": "node -e \"require('fs').writeFileSync('made', 'x')\""},
                 dependencies={"@a/b": "^1.0.0"}, bin={"left": "tool.js"})
    registry.npm("@a/b", "1.2.0", {"index.js": "module.exports = 2"})
    builder.order(NODE, {"npm_config_registry": registry.npm_url},
                  {"package.json": '{"dependencies": {"left": "*"}}'})
    files, packages, lock = builder.result()
    assert packages == [("@a/b", "1.2.0"), ("left", "1.0.0")]
    assert files["node_modules/left/made"] == (0, b"x")
    assert files["node_modules/.bin/left"] == (2, b"../left/tool.js")
    assert json.loads(lock)["packages"]["node_modules/left"]["version"] == "1.0.0"


def test_a_lock_decides_on_the_versions(tmp_path, registry):
    for version in ("1.0.0", "1.1.0"):
        registry.npm("left", version, {"index.js": version})
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    environment = {"npm_config_registry": registry.npm_url}
    with Builder(tmp_path / "a") as first:
        first.order(NODE, environment, {"package.json": '{"dependencies": {"left": "1.0.0"}}'})
        lock = json.loads(first.result()[2])
    lock["packages"][""]["dependencies"]["left"] = "^1.0.0"
    with Builder(tmp_path / "b") as second:
        second.order(NODE, environment, {"package.json": '{"dependencies": {"left": "^1.0.0"}}',
                                         "package-lock.json": json.dumps(lock)})
        assert second.result()[1] == [("left", "1.0.0")]


def test_versions_and_platform_are_told_at_the_start(builder):
    python, node, platform = builder.runtime.decode().split("\n")
    assert python.startswith("3.") and int(node.split(".")[0]) >= 18
    assert platform == f"linux-{os.uname().machine}-glibc"


@pytest.mark.parametrize("language", [PYTHON, NODE])
def test_the_index_that_is_used_by_default_is_asked_for(builder, language):
    builder.send(ASK, language)
    kind, url = builder.receive()
    assert kind == INDEX and url.startswith(b"https://") and b"\n" not in url


def test_an_empty_list_gives_an_empty_layer(builder, registry):
    builder.order(PYTHON, {"PIP_INDEX_URL": registry.index}, {"requirements.txt": "# nothing\n"})
    files, packages, _ = builder.result()
    assert (files, packages) == ({}, [])


def test_a_pipe_among_the_files_fails_the_build(builder, registry):
    hook = "import os\n"
    hook += "os.makedirs(os.environ['HOME'] + '/../layer/python', exist_ok=True)\n"
    hook += "os.mkfifo(os.environ['HOME'] + '/../layer/python/pipe')\n"
    registry.source("built", "0.3", hook, {"built.py": ""})
    builder.order(PYTHON, {"PIP_INDEX_URL": registry.index}, {"requirements.txt": "built\n"})
    assert "neither file, directory nor link" in builder.failure()


def test_the_order_shows_in_no_command_line(builder, registry):
    hook = ("import glob, os\n"
            "for f in glob.glob('/proc/[0-9]*/cmdline'):\n"
            "    try: print('ARGV', open(f, errors='replace').read())\n"
            "    except OSError: pass\n"
            "raise SystemExit(1)")
    registry.source("built", "0.3", hook, {"built.py": ""})
    builder.order(PYTHON, {"PIP_INDEX_URL": registry.index}, {"requirements.txt": "built\n"})
    builder.failure()
    seen = [line for line in builder.printed().splitlines() if "ARGV" in line and "pip" in line]
    assert seen and not any(registry.host in line for line in seen)
