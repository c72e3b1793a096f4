"""frames: a runner's other end for tests. Speaks src/engine/frame.h and plays the server.

    with Runner(["build/runners/python/virga-python", "--direct"], env={...}) as runner:
        runner.load("def handler(event): return event")
        assert runner.call({"a": 1}) == {"a": 1}
        assert runner.stdout() == b""

The runner finds its socket on descriptor 3, pipes on 1 and 2 and /dev/null on 0, as in a slot.
Every wait has a deadline; no test here waits for a duration.
"""

import collections
import fcntl
import json
import os
import selectors
import signal
import socket
import struct
import time

LOAD, CALL = 0x01, 0x02
READY, LOADED, RESULT, FAILED, STREAM, CHUNK = 0x81, 0x82, 0x83, 0x84, 0x85, 0x86
FATAL, STREAM_OK = 1, 2
CHUNK_MAX = 256 << 10

HEADER = struct.Struct("<IBBH")
DEADLINE_S = 60  # longest wait for anything; generous, since the machine may be busy


class Frame(collections.namedtuple("Frame", "type flags payload number")):
    @property
    def json(self):
        return json.loads(self.payload)

    @property
    def fatal(self):
        return bool(self.flags & FATAL)


class Closed(Exception):
    """The runner has closed its end of the socket."""


class Failed(Exception):
    """The runner answered FAILED. `type`, `message`, `traceback` as sent; `fatal`."""

    def __init__(self, frame):
        self.frame, self.fatal = frame, frame.fatal
        self.type, self.message = frame.json["type"], frame.json["message"]
        self.traceback = frame.json["traceback"]
        # (file, line, column), or None when the runner does not say where.
        self.place = tuple(frame.json[k] for k in ("file", "line", "column")) if "file" in frame.json else None
        super().__init__(f"{self.type}: {self.message}\n{self.traceback}")


def encode(kind, payload=b"", flags=0, number=0):
    return HEADER.pack(len(payload), kind, flags, number) + payload


def encode_load(files, handler, environment=None, function="test", version=1,
                result_limit=1 << 20, **more):
    """`files`: {path: text or bytes, or (text or bytes, mode)}."""
    settings = {"function": function, "version": version, "handler": handler,
                "environment": environment or {}, "result_limit": result_limit, **more}
    text = json.dumps(settings).encode()
    parts = [struct.pack("<I", len(text)), text]
    for path, content in files.items():
        content, mode = content if isinstance(content, tuple) else (content, 0o644)
        name = path.encode()
        data = content.encode() if isinstance(content, str) else content
        parts += [struct.pack("<HHI", len(name), mode, len(data)), name, data]
    return encode(LOAD, b"".join(parts))


def encode_call(event=None, deadline_ms=60000, call_id="call-1", flags=0, number=0):
    """`event`: a value, or bytes that are sent as they are. `deadline_ms` counts from now."""
    text = event if isinstance(event, bytes) else json.dumps(event).encode()
    deadline = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000 + deadline_ms * 1000
    name = call_id.encode()
    return encode(CALL, struct.pack("<QB", deadline, len(name)) + name + text, flags, number)


def _spawn(argv, env, *fds):
    return os.posix_spawn(argv[0], argv, {**(env or {})}, file_actions=[
        (os.POSIX_SPAWN_DUP2, fd, at) for at, fd in enumerate(fds)])


class Runner:
    """One runner process. `entry` is where single-file code goes, `handler` the default."""

    def __init__(self, argv, env=None, entry="main.py", handler="main.handler"):
        self.entry, self.handler = entry, handler
        self.status, self.number = None, 0
        self._start(lambda null, out, err, sock: _spawn(argv, env, null, out, err, sock))

    def _start(self, start):
        """`start` gets the runner's ends as descriptors above 9 and returns a pid."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        out, out_w = os.pipe()
        err, err_w = os.pipe()
        null = os.open("/dev/null", os.O_RDONLY)
        # Moved up first, so that no dup2 below overwrites what a later one copies.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
                for fd in (null, out_w, err_w, theirs.fileno())]
        try:
            self.pid = start(*high)
        finally:
            for fd in (null, out_w, err_w, *high):
                os.close(fd)
            theirs.close()
        self.socket, self.buffer = ours, bytearray()
        self.pipes = {"stdout": out, "stderr": err}
        for fd in self.pipes.values():
            os.set_blocking(fd, False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the runner, whatever state it is in."""
        self.socket.close()
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        while self.pipes:
            os.close(self.pipes.popitem()[1])

    # Frames

    def send(self, kind, payload=b"", flags=0):
        self.send_bytes(encode(kind, payload, flags))

    def send_bytes(self, data):
        self.socket.settimeout(DEADLINE_S)
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None

    def receive(self, timeout=DEADLINE_S):
        """The next frame, of any type. Raises Closed or TimeoutError."""
        head = HEADER.unpack(self._bytes(HEADER.size, timeout))
        length, kind, flags, number = head
        assert kind not in (READY, LOADED) or number == 0, f"number {number}"
        assert kind in (READY, LOADED, RESULT, FAILED, STREAM, CHUNK), f"type {kind:#x}"
        assert flags in (0, FATAL), f"flags {flags:#x}"
        assert length <= 64 << 20, f"length {length}"
        return Frame(kind, flags, self._bytes(length, timeout), number)

    def _bytes(self, count, timeout):
        self.socket.settimeout(timeout)
        while len(self.buffer) < count:
            try:
                more = self.socket.recv(1 << 16)
            except ConnectionResetError:
                raise Closed from None
            if not more:
                raise Closed
            self.buffer += more
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def expect(self, kind, timeout=DEADLINE_S):
        frame = self.receive(timeout)
        if frame.type == FAILED and kind != FAILED:
            raise Failed(frame)
        assert frame.type == kind, f"frame {frame.type:#x} instead of {kind:#x}: {frame}"
        return frame

    # What the server does with a slot

    def load(self, code, handler=None, **settings):
        """READY, LOAD, LOADED. `code`: the text of the entry file, or a dict of files."""
        files = code if isinstance(code, dict) else {self.entry: code}
        self.expect(READY)
        self.send_bytes(encode_load(files, handler or self.handler, **settings))
        self.expect(LOADED)
        return self

    def load_fails(self, code, handler=None, **settings):
        """The Failed that a broken load is answered with; checks that it is fatal."""
        try:
            self.load(code, handler, **settings)
        except Failed as failed:
            assert failed.fatal, "a failed load is fatal"
            return failed
        raise AssertionError("the code was loaded")

    def call(self, event=None, **call):
        """The result of one call as a value. Raises Failed."""
        self.send_call(event, **call)
        return self.answer(RESULT).json

    def call_fails(self, event=None, **call):
        self.send_call(event, **call)
        return Failed(self.answer(FAILED))

    def send_call(self, event=None, **call):
        """A call with a number of its own, which answer() checks."""
        self.number += 0x101
        self.send_bytes(encode_call(event, number=self.number, **call))

    def answer(self, kind):
        frame = self.expect(kind)
        assert frame.number == self.number, f"answers {frame.number}, asked was {self.number}"
        return frame

    def stream(self, event=None, **call):
        """One call with streaming allowed: (opening object or None, [chunks], last frame)."""
        self.send_call(event, flags=STREAM_OK, **call)
        opening, chunks = None, []
        while True:
            frame = self.receive()
            assert frame.number == self.number
            if frame.type == STREAM:
                assert opening is None, "STREAM comes once"
                opening = frame.json
            elif frame.type == CHUNK:
                assert opening is not None and 0 < len(frame.payload) <= CHUNK_MAX
                chunks.append(frame.payload)
            else:
                return opening, chunks, frame

    # Pipes and process

    def stdout(self):
        """What is in the pipe now, without waiting: all of it belongs there before a RESULT."""
        return self._drain("stdout")

    def stderr(self):
        return self._drain("stderr")

    def _drain(self, name):
        parts = []
        while True:
            try:
                part = os.read(self.pipes[name], 1 << 16)
            except BlockingIOError:
                break
            if not part:
                break
            parts.append(part)
        return b"".join(parts)

    def stdout_until_closed(self, timeout=DEADLINE_S):
        """All of standard output until every process that holds it has gone."""
        return self._until_closed("stdout", timeout)

    def stderr_until_closed(self, timeout=DEADLINE_S):
        return self._until_closed("stderr", timeout)

    def _until_closed(self, name, timeout):
        parts, end = [], time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self.pipes[name], selectors.EVENT_READ)
            while selector.select(max(0, end - time.monotonic())):
                part = os.read(self.pipes[name], 1 << 16)
                if not part:
                    return b"".join(parts)
                parts.append(part)
        raise TimeoutError(f"{name} is still open")

    def wait_closed(self, timeout=DEADLINE_S):
        """Waits until the runner closes its socket; any frame before that is an error."""
        try:
            frame = self.receive(timeout)
        except Closed:
            return
        raise AssertionError(f"a frame instead of the end: {frame}")

    def wait(self, timeout=DEADLINE_S):
        """Waits until the process has ended; its exit status, negative for a signal."""
        if self.status is None:
            pidfd = os.pidfd_open(self.pid)
            try:
                with selectors.DefaultSelector() as selector:
                    selector.register(pidfd, selectors.EVENT_READ)
                    if not selector.select(timeout):
                        raise TimeoutError("the runner is still alive")
            finally:
                os.close(pidfd)
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status


def encode_setup(modules=(), load=b""):
    """As in src/engine/setup.h; `load` as encode_load makes it."""
    names, payload = "\n".join(modules).encode(), load[HEADER.size:]
    return struct.pack("<I", len(names)) + names + struct.pack("<I", len(payload)) + payload


class Template:
    """A template as in template_fork.c: `copy()` gives a Runner that is a copy of it. `setup`: bytes
    that it finds as its set-up file; `log`: a file for what it prints."""

    def __init__(self, argv, env=None, setup=None, log=None, **runner):
        self.runner = runner
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        given = [(theirs.fileno(), 3)]
        if setup is not None:
            file = os.memfd_create("setup")
            os.write(file, setup)
            given.append((file, 4))
        if log is not None:
            given.append((log.fileno(), 2))
        high = [(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10), at) for fd, at in given]
        try:
            self.pid = os.posix_spawn(argv[0], argv, {**(env or {})}, file_actions=[
                *((os.POSIX_SPAWN_DUP2, fd, at) for fd, at in high),
                *([] if setup is not None else [(os.POSIX_SPAWN_CLOSE, 4)])])
        finally:
            for fd, _ in high:
                os.close(fd)
            if setup is not None:
                os.close(file)
            theirs.close()
        self.socket = ours
        self.socket.settimeout(DEADLINE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        if self.pid:
            self.wait()

    def wait(self):
        """Waits until the template has ended; its exit status."""
        pid, self.pid = self.pid, 0
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def copy(self):
        return _Copy(self)


class _Copy(Runner):
    def __init__(self, template):
        self.entry = template.runner.get("entry", "main.py")
        self.handler = template.runner.get("handler", "main.handler")
        self.status, self.number = None, 0

        def start(_, out, err, sock):
            socket.send_fds(template.socket, [b"c"], [sock, out, err])
            return struct.unpack("<i", template.socket.recv(4))[0]
        self._start(start)

    def wait(self, timeout=DEADLINE_S):
        """Not our child: waits until it is gone, without a status."""
        if self.status is None:
            try:
                pidfd = os.pidfd_open(self.pid)
            except ProcessLookupError:
                self.status = 0
                return
            with selectors.DefaultSelector() as selector:
                selector.register(pidfd, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise TimeoutError("the runner is still alive")
            os.close(pidfd)
            self.status = 0

    def close(self):
        try:
            super().close()
        except ProcessLookupError:
            self.status = 0
            super().close()
