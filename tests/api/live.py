"""Clients of what does not end by itself: Server-Sent Events and WebSocket, over plain sockets."""

import base64
import json
import os
import select
import socket
import time

COMES_S = 60


class Live:
    """A connection whose reply goes on. Every wait has a deadline."""

    def __init__(self, server, path, headers=None, key=True, version="1.0"):
        headers = {"Host": f"127.0.0.1:{server.port}", **(headers or {})}
        if key:
            headers.setdefault("Authorization", f"Bearer {server.key if key is True else key}")
        self.got = b""
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=COMES_S)
        lines = [f"GET {path} HTTP/{version}", *(f"{name}: {value}" for name, value in headers.items())]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.head = self.until(b"\r\n\r\n").decode()
        self.status = int(self.head.split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def receive(self, deadline):
        """More bytes, or False at the end."""
        ready, _, _ = select.select([self.socket], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"nothing comes behind {self.got[-500:]}"
        more = self.socket.recv(65536)
        self.got += more
        return bool(more)

    def until(self, mark):
        """What comes up to and with the mark."""
        deadline = time.monotonic() + COMES_S
        while mark not in self.got:
            assert self.receive(deadline), f"the end before {mark}: {self.got[-500:]}"
        at = self.got.index(mark) + len(mark)
        taken, self.got = self.got[:at], self.got[at:]
        return taken

    def rest(self):
        """What comes until the server closes."""
        deadline = time.monotonic() + COMES_S
        while self.receive(deadline):
            pass
        return self.got


class Events(Live):
    def event(self):
        """The next event as {"id", "event", "data"}; comments are passed over."""
        while True:
            fields = {}
            for line in self.until(b"\n\n").decode().splitlines():
                name, _, value = line.partition(": ")
                if name and not line.startswith(":"):
                    fields[name] = value
            if fields:
                return {**fields, "data": json.loads(fields["data"])}


class Socket(Live):
    def __init__(self, server, path, headers=None, key=True):
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
        super().__init__(server, path, {**upgrade, **(headers or {})}, key, "1.1")

    def take(self, count):
        deadline = time.monotonic() + COMES_S
        while len(self.got) < count:
            assert self.receive(deadline), "the end inside a frame"
        taken, self.got = self.got[:count], self.got[count:]
        return taken

    def frame(self):
        """(opcode, payload) of the next frame; a server's frames are whole and not masked."""
        first, second = self.take(2)
        assert first & 0x80 and not second & 0x80
        size = second
        if size >= 126:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        return first & 0x0f, self.take(size)

    def message(self):
        while True:
            opcode, payload = self.frame()
            if opcode == 1:
                return json.loads(payload)
            assert opcode == 9, (opcode, payload)
