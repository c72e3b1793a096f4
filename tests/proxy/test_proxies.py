"""virga behind the proxies of docs/proxy.md, with their configurations as they stand there: only names of files and ports are
replaced. Each proxy is a program of our own on a free port, with a private directory; it is ended by its pid."""

import base64
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "api"))

from virga import ROOT, Reply, Server, until  # noqa: E402

PAGE = ROOT / "docs" / "proxy.md"
ECHO = "def handler(event): return event"
# One piece, then silence for longer than any test waits.
SLOW = ("import time\ndef handler(event):\n    yield {'statusCode': 200, 'headers': {'content-type': 'text/plain'}}\n"
        "    yield 'first'\n    time.sleep(100)\n    yield 'second'\n")


def block(language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    assert len(found) == 1, f"docs/proxy.md holds {len(found)} blocks of {language}"
    return found[0]


def replaced(text, *pairs):
    for old, new in pairs:
        assert old in text, f"docs/proxy.md says {old!r} no more"
        text = text.replace(old, str(new))
    return text


def free_port():
    """Below those that the kernel hands out: nobody else gets it before the proxy has it."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(max(first // 2, 1024), first), 100):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise AssertionError(f"no port below {first} is free")


class Nginx:
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")

    def write(self, home, port, backend, cert, key):
        site = replaced(block("nginx"), ("listen 443", f"listen 127.0.0.1:{port}"), ("127.0.0.1:8000", f"127.0.0.1:{backend}"),
                        ("/etc/ssl/virga.pem", cert), ("/etc/ssl/virga.key", key))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {home}/{kind};\n" for kind in kinds)
        user = "" if os.geteuid() else "user root;\n"  # the workers must reach our directory
        (home / "nginx.conf").write_text(
            f"{user}daemon off;\nworker_processes 1;\npid {home}/pid;\nerror_log {home}/error.log;\n"
            f"events {{ worker_connections 64; }}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n")
        return [self.program, "-p", home, "-e", home / "error.log", "-c", home / "nginx.conf"]


class Caddy:
    program = shutil.which("caddy")

    def write(self, home, port, backend, cert, key):
        site = replaced(block("caddy"), ("virga.example, api.example {", f"virga.example:{port}, api.example:{port} {{\n"
                        f"    bind 127.0.0.1\n    tls {cert} {key}"), ("127.0.0.1:8000", f"127.0.0.1:{backend}"))
        (home / "Caddyfile").write_text(f"{{\n    admin off\n    auto_https disable_redirects\n}}\n{site}")
        return [self.program, "run", "--config", home / "Caddyfile", "--adapter", "caddyfile"]


class Proxied:
    """A server, the proxy in front of it, and requests through both."""

    def __init__(self, home, kind):
        self.home, self.kind, self.port = home, kind, free_port()
        self.cert, key = home / "cert.pem", home / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=virga.example", "-addext", "subjectAltName=DNS:virga.example,DNS:api.example",
                        "-keyout", key, "-out", self.cert], check=True, capture_output=True)
        self.server = Server(home, "--trusted-proxies", "127.0.0.1", "--public-url", f"https://virga.example:{self.port}").start()
        command = kind.write(home, self.port, self.server.port, self.cert, key)
        self.log = open(home / "proxy.log", "wb")
        self.proxy = subprocess.Popen(command, stdout=self.log, stderr=self.log, start_new_session=True,
                                      env={**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)})
        until(self.answers, f"the proxy answers, see {home}/proxy.log", 60)
        project = self.server.request("POST", "/api/projects", {"name": "Behind"}).json
        self.project, self.slug = project["id"], project["slug"]

    def answers(self):
        assert self.proxy.poll() is None, (self.home / "proxy.log").read_text()
        try:
            return self.request("GET", "/api/health").status == 200
        except OSError:
            return False

    def close(self):
        self.proxy.send_signal(signal.SIGTERM)
        self.proxy.wait(timeout=60)
        self.log.close()
        self.server.stop()

    def connect(self, host="virga.example", source="127.0.0.1"):
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=60, source_address=(source, 0))
        return ssl.create_default_context(cafile=self.cert).wrap_socket(raw, server_hostname=host)

    def begin(self, method, path, body=None, headers=None, host="virga.example", source="127.0.0.1"):
        """The reply with its body unread, and its connection."""
        connection = http.client.HTTPConnection(host, self.port)
        connection.sock = self.connect(host, source)
        headers = {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
        return connection.getresponse(), connection

    def request(self, *args, **kwargs):
        reply, connection = self.begin(*args, **kwargs)
        try:
            return Reply(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def bearer(self):
        return {"Authorization": f"Bearer {self.server.key}"}

    def route(self, path, code=ECHO, **fields):
        fn = self.server.create(code, project_id=self.project, **fields)
        reply = self.server.request("POST", f"/api/projects/{self.project}/routes",
                                    {"function_id": fn["id"], "method": "ANY", "path": path})
        assert reply.status == 200, reply.body
        return fn

    def gateway(self, path, method="GET", **kwargs):
        return self.request(method, f"/api/gateway/{self.slug}{path}", **kwargs)


@pytest.fixture(scope="module", params=[Caddy, Nginx], ids=["caddy", "nginx"])
def site(request, tmp_path_factory):
    kind = request.param()
    for program, found in ((request.param.__name__.lower(), kind.program), ("openssl", shutil.which("openssl"))):
        if not found:
            pytest.skip(f"{program} is not installed (scripts/deps test)")
    running = Proxied(tmp_path_factory.mktemp("proxy"), kind)
    yield running
    running.close()


def test_a_direct_call_passes(site):
    fn = site.server.create(ECHO)
    reply = site.request("POST", f"/api/invoke/{fn['id']}", {"input": {"a": 1}})
    assert reply.status == 200 and reply.json["output"] == {"a": 1}


def test_a_call_over_http_2_passes(site):
    fn = site.server.create(ECHO)
    done = subprocess.run(["curl", "-s", "--http2", "--cacert", site.cert, "--resolve", f"virga.example:{site.port}:127.0.0.1",
                           "-H", "Content-Type: application/json", "-d", '{"input": 5}', "-w", " %{http_version}",
                           f"https://virga.example:{site.port}/api/invoke/{fn['id']}"], capture_output=True, text=True, check=True)
    text, version = done.stdout.rsplit(" ", 1)
    assert json.loads(text)["output"] == 5 and version == "2"


def test_a_function_sees_the_clients_address_scheme_and_host(site):
    site.route("/event")
    event = site.gateway("/event", source="127.0.0.2").json
    assert event["sourceIp"] == "127.0.0.2" and event["scheme"] == "https"
    assert event["host"] == f"virga.example:{site.port}"


def test_what_a_client_claims_to_be_is_not_believed(site):
    site.route("/claims")
    claims = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "other.example"}
    event = site.gateway("/claims", source="127.0.0.2", headers=claims).json
    assert (event["sourceIp"], event["scheme"], event["host"]) == ("127.0.0.2", "https", f"virga.example:{site.port}")


def test_rates_count_each_client_by_itself(site):
    site.route("/limited", client_rate_limit=1)
    assert site.gateway("/limited", source="127.0.0.2").status == 200
    refused = site.gateway("/limited", source="127.0.0.2")
    assert refused.status == 429 and int(refused.headers["Retry-After"]) > 0
    assert site.gateway("/limited", source="127.0.0.3").status == 200


def test_pieces_of_a_stream_come_when_they_are_written(site):
    site.route("/slow", SLOW, limits={"timeout_ms": 120000})
    reply, connection = site.begin("GET", f"/api/gateway/{site.slug}/slow")
    assert reply.status == 200 and reply.read(5) == b"first"
    connection.sock.close()
    reply.close()


def test_the_tail_by_server_sent_events_is_not_held_back(site):
    fn = site.server.create(ECHO)
    reply, connection = site.begin("GET", f"/api/functions/{fn['id']}/invocations/tail", headers=site.bearer())
    assert reply.status == 200 and reply.headers["Content-Type"].startswith("text/event-stream")
    id = site.server.call(fn, "seen")["invocation_id"]
    line = b""
    while not line.startswith(b"data:"):
        line = reply.readline()
    assert json.loads(line[5:])["id"] == id
    reply.close()
    connection.close()


def read_exactly(s, n):
    data = b""
    while len(data) < n:
        piece = s.recv(n - len(data))
        assert piece, "the connection ended"
        data += piece
    return data


def read_message(s):
    head = read_exactly(s, 2)
    size = head[1] & 127
    if size == 126:
        size = int.from_bytes(read_exactly(s, 2), "big")
    return head[0] & 15, read_exactly(s, size)


def test_the_tail_by_websocket_passes(site):
    fn = site.server.create(ECHO)
    s = site.connect()
    nonce = base64.b64encode(os.urandom(16)).decode()
    s.sendall((f"GET /api/functions/{fn['id']}/invocations/tail HTTP/1.1\r\nHost: virga.example:{site.port}\r\n"
               f"Authorization: Bearer {site.server.key}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n\r\n").encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(s, 1)
    assert head.startswith(b"HTTP/1.1 101 "), head
    id = site.server.call(fn, "seen")["invocation_id"]
    kind, text = read_message(s)
    assert kind == 1 and json.loads(text)["id"] == id
    s.close()


def test_large_bodies_pass_both_ways(site):
    site.route("/large", "def handler(event): return {'statusCode': 200, 'body': event['body']}")
    text = "x" * (5 << 20)
    reply = site.gateway("/large", "POST", body=text)
    assert reply.status == 200 and reply.json == text


def test_a_body_beyond_the_bound_is_refused(site):
    site.route("/bound")
    try:
        assert site.gateway("/bound", "POST", body="x" * (7 << 20)).status == 413
    except (ConnectionError, ssl.SSLError):
        pass  # closed while we were still sending


def test_a_projects_own_domain_passes(site):
    site.route("/domain/:name")
    reply = site.server.request("POST", f"/api/projects/{site.project}/domains", {"domain": "api.example"})
    assert reply.status == 200, reply.body
    event = site.request("GET", "/domain/ada", host="api.example").json
    assert event["params"] == {"name": "ada"} and event["host"] == f"api.example:{site.port}"


def test_the_cookie_of_a_login_is_secure_and_good_for_our_own_pages(site):
    token = re.search(r"/setup\?token=(\w+)", site.server.log_text())[1]
    account = {"name": "ada", "password": "correct horse"}
    assert site.request("POST", "/api/setup", {"token": token, **account}).status == 200
    reply = site.request("POST", "/api/login", {"login": "ada", "password": account["password"], "cookie": True})
    assert reply.status == 200, reply.body
    cookie = reply.headers["Set-Cookie"]
    assert "Secure" in cookie and "HttpOnly" in cookie
    ours = {"Cookie": cookie.split(";")[0], "Origin": f"https://virga.example:{site.port}"}
    assert site.request("POST", "/api/projects", {"name": "By cookie"}, headers=ours).status == 200
    theirs = {**ours, "Origin": "https://evil.example"}
    assert site.request("POST", "/api/projects", {"name": "Forged"}, headers=theirs).status == 403
