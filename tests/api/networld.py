"""A world of network namespaces for servers whose functions have network.

    host       203.0.113.1, 10.9.0.1, 169.254.0.1    the server and its functions; a listener on ports of its own
    internet   203.0.113.10, 198.51.100.7            what functions may reach (internet.py)
               10.9.0.2, 169.254.169.254             a private network and cloud metadata: what they may not

One pair of veth interfaces joins the two; nothing else leads anywhere. Namespaces have no names, so that many worlds can stand
side by side; they end with the processes in them."""

import ctypes
import http.client
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from virga import PROGRAM, Server

HERE = Path(__file__).parent
HOST, PRIVATE_HOST = "203.0.113.1", "10.9.0.1"
API, OTHER, PRIVATE, METADATA = "203.0.113.10", "198.51.100.7", "10.9.0.2", "169.254.169.254"
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def missing():
    """What this machine lacks for such a world, or ""."""
    if os.geteuid():
        return "needs root: network namespaces and interfaces"
    if not shutil.which("ip"):
        return "needs iproute2"
    return "" if Path("/dev/net/tun").exists() else "needs /dev/net/tun (modprobe tun)"


def inside(pid, *command, **kept):
    return subprocess.Popen(["nsenter", f"--net=/proc/{pid}/ns/net", f"--mount=/proc/{pid}/ns/mnt", "--", *command], **kept)


class World:
    """Enter it with `with`. `tls` are paths of a certificate and a key for port 443 of the internet."""

    def __init__(self, directory, tls=()):
        self.directory = Path(directory)
        self.tls = tls
        self.processes = []

    def __enter__(self):
        try:
            self.host = self.keep("host", "cat")
            self.internet = self.keep("internet", "cat")
            self.join()
            for pid in self.host, self.internet:
                self.serve(pid)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stdin.close()
            process.wait(timeout=60)
            process.stdout.close()

    def started(self, process, word):
        """It lives until its standard input ends, with us."""
        self.processes.append(process)
        said = process.stdout.readline()
        assert said == word, f"a part of the world did not start: {said!r}"
        return process.pid

    def resolv(self, name):
        return self.directory / f"resolv-{name}"

    def ask_names_of(self, server, name="host"):
        self.resolv(name).write_text(f"nameserver {server}\noptions attempts:2 timeout:30\n")

    def keep(self, name, program):
        """Makes a network and a mount namespace in which names are asked of the internet."""
        resolv = self.resolv(name)
        self.ask_names_of(API, name)
        script = f"mount --bind {resolv} /etc/resolv.conf && ip link set lo up && echo made && exec {program} >/dev/null"
        return self.started(subprocess.Popen(["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", script],
                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE), b"made\n")

    def ip(self, pid, *words):
        done = subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (words, done.stderr)

    def join(self):
        self.ip(self.host, "link", "add", "out", "type", "veth", "peer", "name", "in", "netns", str(self.internet))
        for address in f"{HOST}/24", f"{PRIVATE_HOST}/24", "169.254.0.1/16":
            self.ip(self.host, "address", "add", address, "dev", "out")
        for address in f"{API}/24", f"{OTHER}/32", f"{PRIVATE}/24", f"{METADATA}/16":
            self.ip(self.internet, "address", "add", address, "dev", "in")
        self.ip(self.host, "link", "set", "out", "up")
        self.ip(self.internet, "link", "set", "in", "up")
        self.ip(self.host, "route", "add", "default", "via", API)

    def serve(self, pid):
        """Both have the same listeners: whether one answers on the host is the question."""
        self.started(inside(pid, sys.executable, str(HERE / "internet.py"), *map(str, self.tls), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE), b"ready\n")

    def connect(self, address, timeout=60):
        """A TCP connection from the host. Sockets stay in the namespace where they were made."""
        with open("/proc/thread-self/ns/net") as ours, open(f"/proc/{self.host}/ns/net") as theirs:
            assert libc.setns(theirs.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            try:
                return socket.create_connection(address, timeout=timeout)
            finally:
                assert libc.setns(ours.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())

    def get(self, url_path, address=API, port=80):
        """What the internet answers to the host itself."""
        connection = http.client.HTTPConnection(address, port)
        connection.sock = self.connect((address, port))
        connection.request("GET", url_path)
        answer = connection.getresponse().read()
        connection.close()
        return answer


class Hosted(Server):
    """A server on the host of a world."""

    def __init__(self, world, directory, *options, **kept):
        namespaces = f"--net=/proc/{world.host}/ns/net", f"--mount=/proc/{world.host}/ns/mnt"
        command = ["nsenter", *namespaces, "--", PROGRAM, "serve", "--data-dir", Path(directory) / "data", "--listen", "127.0.0.1:0"]
        super().__init__(directory, *options, command=command, **kept)
        self.world = world

    def connection(self, timeout):
        made = super().connection(timeout)
        made.sock = self.world.connect(("127.0.0.1", self.port), timeout)
        return made
