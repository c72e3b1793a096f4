"""Functions with network: what they reach and what never, in a world of network namespaces (networld.py)."""

import datetime
import hashlib
import ipaddress
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import networld
from networld import API, HOST, METADATA, OTHER, PRIVATE, PRIVATE_HOST, Hosted, World
from virga import descendants, until

LIMITS = {"cpu": 2, "timeout_ms": 90000, "memory_mb": 128}  # no wait below is meant to end by its time but SILENCE
SILENCE = 1
# One for all: what an attempt came to, as text.
PYTHON = '''
import errno, hashlib, json, socket, ssl, urllib.request

def get(url, ca=None):
    context = ssl.create_default_context(cadata=ca) if ca else None
    with urllib.request.urlopen(url, timeout=60, context=context) as reply:
        return json.load(reply)

def tcp(host, port, timeout=60):
    with socket.create_connection((host, port), timeout=timeout) as s:
        s.sendall(b"hello")
        return s.recv(64).decode()

def udp(host, port, timeout=60):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect((host, port))
        s.send(b"hello")
        return s.recv(64).decode()

def download(url):
    digest, count = hashlib.sha256(), 0
    with urllib.request.urlopen(url, timeout=60) as reply:
        while data := reply.read(1 << 16):
            digest.update(data)
            count += len(data)
    return [count, digest.hexdigest()]

def look(name):
    return sorted({a[4][0] for a in socket.getaddrinfo(name, 80)})

def raw():
    return str(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))

def attempt(do, *args):
    try:
        return globals()[do](*args)
    except socket.gaierror as e:
        return f"gaierror {e.errno}"
    except TimeoutError:
        return "silence"
    except OSError as e:
        reason = getattr(e, "reason", e)
        if isinstance(reason, ssl.SSLError):
            return reason.verify_message
        return errno.errorcode.get(getattr(reason, "errno", None), f"{type(reason).__name__}: {reason}")

def handler(event):
    return [attempt(*a) for a in event]
'''
PARALLEL = '''
import asyncio

async def one(host, go):
    reader, writer = await asyncio.open_connection(host, 7)
    await go.wait()
    writer.write(b"x" * 100)
    answer = await reader.readexactly(100)
    writer.close()
    return answer == b"x" * 100

async def handler(event):
    go = asyncio.Barrier(event["count"])
    return sum(await asyncio.gather(*(one(event["host"], go) for _ in range(event["count"]))))
'''
NODE = '''
exports.handler = async ({ url }) => {
  const reply = await fetch(url);
  return await reply.json();
};
'''

pytestmark = pytest.mark.skipif(networld.missing() != "", reason=networld.missing() or "-")


# --- the world ---

def made_certificate(directory, name):
    """A certificate of its own authority for `name`, and its key, as files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address(API))])
    signed = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
              .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
              .add_extension(names, False).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
              .sign(key, hashes.SHA256()))
    files = directory / "certificate", directory / "key"
    files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return files


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("world")
    with World(directory, made_certificate(directory, "api.example.test")) as made:
        yield made


@pytest.fixture(scope="module")
def online(world, tmp_path_factory):
    with Hosted(world, tmp_path_factory.mktemp("online")) as running:
        yield running


@pytest.fixture(scope="module")
def python(online):
    return online.create(PYTHON, network_enabled=True, limits=LIMITS)


def ask(server, function, *attempts):
    """What each attempt came to."""
    result = server.call(function, [list(a) for a in attempts])
    assert result["status"] == "success", result
    return result["output"]


# --- what is reached ---

def test_the_internet_is_reached_by_name_and_address_over_tcp_and_udp(online, python):
    by_name, other, echo, datagram = ask(online, python, ("get", "http://api.example.test/"), ("get", "http://other.example.test:8080/"),
                                         ("tcp", API, 7), ("udp", API, 7))
    assert by_name == {"host": "api.example.test", "from": HOST, "to": API, "port": 80}
    assert other == {"host": "other.example.test:8080", "from": HOST, "to": OTHER, "port": 8080}
    assert echo == "hello" and datagram == "hello"


def test_nodejs_reaches_it_too(online):
    function = online.create(NODE, runtime="nodejs", network_enabled=True, limits=LIMITS)
    result = online.call(function, {"url": "http://api.example.test/"})
    assert result["status"] == "success" and result["output"]["to"] == API, result


def test_names_are_those_of_the_host(online, python):
    assert ask(online, python, ("look", "api.example.test"), ("look", "nowhere.example.test")) == [[API], "gaierror -2"]


def test_a_resolver_on_the_hosts_loopback_serves_functions_that_start_after_it_was_named(world, online):
    function = online.create(PYTHON, network_enabled=True, limits=LIMITS, reuse="never")
    for server in OTHER, "127.0.0.1", API:
        world.ask_names_of(server)
        assert ask(online, function, ("look", "api.example.test"), ("tcp", "127.0.0.1", 53)) == [[API], "ECONNREFUSED"]


def test_code_that_is_loaded_ahead_has_network_in_its_calls_only(online):
    code = PYTHON + "\nat_load = attempt('tcp', '203.0.113.10', 7)\ndef both(event): return [at_load, attempt('tcp', '203.0.113.10', 7)]\n"
    function = online.create(code, handler="main.both", network_enabled=True, limits=LIMITS, snapstart=True)
    until(lambda: online.call(function)["output"] == ["ENETUNREACH", "hello"], "a copy of what was loaded ahead serves a call", 60)


def test_tls_is_verified(world, online, python):
    authority = world.tls[0].read_text()
    answer, = ask(online, python, ("get", "https://api.example.test/", authority))
    assert answer["port"] == 443
    stranger, misnamed = ask(online, python, ("get", "https://api.example.test/"), ("get", "https://other.example.test/", authority))
    assert "self-signed" in stranger and "Hostname mismatch" in misnamed


def test_a_large_download_arrives_whole(online, python):
    count = 50_000_000
    whole = (bytes(range(256)) * (count // 256 + 1))[:count]
    assert ask(online, python, ("download", f"http://{API}/bytes/{count}")) == [[count, hashlib.sha256(whole).hexdigest()]]


def test_two_hundred_connections_are_open_at_once(online):
    function = online.create(PARALLEL, network_enabled=True, limits=LIMITS)
    result = online.call(function, {"host": API, "count": 200})
    assert result["status"] == "success" and result["output"] == 200, result


def test_two_functions_use_it_at_the_same_time(online, python):
    again = online.create(PYTHON, network_enabled=True, limits=LIMITS)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: ask(online, (python, again)[i % 2], ("get", "http://api.example.test/"), ("tcp", API, 7)), range(16)))
    assert all(a["to"] == API and echo == "hello" for a, echo in answers)


def test_a_fresh_sandbox_for_every_call_has_it_each_time(online):
    function = online.create(PYTHON, network_enabled=True, limits=LIMITS, reuse="never")
    for _ in range(3):
        assert ask(online, function, ("tcp", API, 7)) == ["hello"]


# --- what is not ---

def test_nothing_of_the_host_is_reached(online, python):
    places = [(HOST, 80), (HOST, 7), (PRIVATE_HOST, 80), ("127.0.0.1", 80), ("127.0.0.1", online.port), (HOST, online.port),
              ("0.0.0.0", 80), ("100.64.0.1", 80), ("100.64.0.1", online.port), ("100.64.0.3", 80), ("100.64.0.15", 80)]
    answers = ask(online, python, *(("tcp", *place) for place in places))
    assert dict(zip(places, answers)) == {place: "ECONNREFUSED" for place in places}


def test_an_address_that_the_host_takes_later_is_not_reached_either(world, online, python):
    late = "198.51.100.77"
    world.ip(world.host, "address", "add", f"{late}/32", "dev", "lo")
    assert world.get("/", late)
    assert ask(online, python, ("tcp", late, 80)) == ["ECONNREFUSED"]


def test_private_networks_and_metadata_are_not_reached_by_address_or_name(world, online, python):
    assert world.get("/", PRIVATE) and world.get("/", METADATA), "they are there"
    names = [f"http://{name}.example.test/" for name in ("inside", "metadata", "loopback")]
    answers = ask(online, python, ("tcp", PRIVATE, 80), ("tcp", PRIVATE, 8080), ("tcp", METADATA, 80), *(("get", name) for name in names))
    assert answers == ["ECONNREFUSED"] * 6
    assert set(ask(online, python, *(("udp", place, 7, SILENCE) for place in (PRIVATE, METADATA, HOST)))) <= {"silence", "ECONNREFUSED"}


def test_mail_servers_ipv6_and_raw_sockets_are_refused(online, python):
    mail, six, raw = ask(online, python, ("tcp", API, 25), ("tcp", "2001:db8::1", 80), ("raw",))
    assert (mail, six, raw) == ("ECONNREFUSED", "ENETUNREACH", "EPERM")


def test_functions_do_not_see_each_other(online, python):
    listening = online.create('''
import select, socket
def handler(event):
    with socket.create_server(("0.0.0.0", 9999)) as s, socket.create_connection(("203.0.113.10", 7)) as told:
        ready, _, _ = select.select([s, told], [], [])
        return f"reached by {s.accept()[1]}" if s in ready else "alone"
''', network_enabled=True, limits=LIMITS)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(online.call, listening)
        until(lambda: online.world.get("/open") == b"1", "the other function listens", 60)
        answers = ask(online, python, *(("tcp", f"100.64.0.{n}", 9999, SILENCE) for n in (1, 2, 3, 14, 15)), ("tcp", HOST, 9999, SILENCE))
        assert set(answers) <= {"ECONNREFUSED", "silence"}, answers
        online.world.get("/hang-up")
        assert waiting.result()["output"] == "alone"


# --- switching ---

def test_without_network_an_attempt_fails_at_once_and_the_error_says_why(online):
    simple = "import urllib.request\ndef handler(event): return len(urllib.request.urlopen(event, timeout=20).read())"
    hint = "(this function has no network; its settings can give it one)"
    offline = online.create(simple)
    assert offline["network_enabled"] is False
    for url in "http://203.0.113.10/", "http://api.example.test/":
        quickest = 1000000  # of some: a busy machine makes each of them slower, and a wait for an answer all of them
        for _ in range(10):
            result = online.call(offline, url)
            assert result["status"] == "error" and hint in result["error"], result
            quickest = min(quickest, result["duration_ms"])
            if quickest < 2000:
                break
        assert quickest < 2000
    node = online.create(NODE, runtime="nodejs")
    for url in "http://203.0.113.10/", "http://api.example.test/":
        assert hint in online.call(node, {"url": url})["error"]
    failing = online.create("def handler(event): raise ValueError('no')")
    assert hint not in online.call(failing)["error"]


def test_a_changed_switch_reaches_the_next_call(online):
    function = online.create(PYTHON, limits=LIMITS)
    for enabled, answer in (False, "ENETUNREACH"), (True, "hello"), (False, "ENETUNREACH"), (True, "hello"):
        changed = online.request("PUT", f"/api/functions/{function['id']}", {"network_enabled": enabled})
        assert changed.status == 200 and changed.json["network_enabled"] is enabled
        assert ask(online, function, ("tcp", API, 7)) == [answer]


def uplinks(server):
    """The processes of sandboxes' networks: under user ids of their own, unlike the program that makes them."""
    found = set()
    for pid in descendants(server.process.pid):
        try:
            if Path(f"/proc/{pid}/comm").read_text() == "virga-uplink\n" and Path(f"/proc/{pid}").stat().st_uid:
                found.add(pid)
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has ended meanwhile
    return found


def test_a_call_that_is_ended_leaves_nothing_behind(world, online):
    hanging = online.create("import socket\ndef handler(event):\n    s = socket.create_connection(('203.0.113.10', 7))\n"
                            "    while True: s.recv(1)\n", network_enabled=True, limits={**LIMITS, "timeout_ms": 3000}, reuse="never")
    before = uplinks(online)
    for _ in range(2):
        assert online.call(hanging)["status"] == "timeout"
    until(lambda: world.get("/open") == b"0", "the connections are closed", 60)
    until(lambda: uplinks(online) <= before, "the processes of its networks are gone", 60)


def test_a_network_that_dies_takes_its_sandbox_with_it_and_the_next_call_gets_another(world, tmp_path):
    with Hosted(world, tmp_path) as server:
        function = server.create(PYTHON, network_enabled=True, limits=LIMITS)
        assert ask(server, function, ("tcp", API, 7)) == ["hello"] and server.call(function, [])["cold_start"] is False
        died, = uplinks(server)
        os.kill(died, signal.SIGKILL)
        until(lambda: died not in descendants(server.process.pid), "it has ended")
        result = until(lambda: (r := server.call(function, [["tcp", API, 7]]))["cold_start"] and r, "another sandbox serves the call")
        assert result["output"] == ["hello"] and died not in uplinks(server)


def test_a_killed_server_leaves_no_network_behind(world, tmp_path):
    server = Hosted(world, tmp_path).start()
    try:
        function = server.create(PYTHON, network_enabled=True, limits=LIMITS)
        assert ask(server, function, ("tcp", API, 7)) == ["hello"]
        left = descendants(server.process.pid)
    finally:
        server.stop(signal.SIGKILL)
    until(lambda: not any(Path(f"/proc/{p}").exists() for p in left), "all of its processes have ended", 60)


# --- what the operator says ---

def test_an_allowed_private_place_is_reached_and_nothing_beside_it(world, tmp_path):
    with Hosted(world, tmp_path, "--egress-allow", f"{PRIVATE}:8080,{API}:25", "--egress-deny", f"{OTHER}/32") as server:
        function = server.create(PYTHON, network_enabled=True, limits=LIMITS)
        inside, beside, mail, denied, free = ask(server, function, ("get", "http://inside.example.test:8080/"), ("tcp", PRIVATE, 80),
                                                 ("tcp", API, 25), ("tcp", OTHER, 80), ("tcp", API, 7))
        assert inside["to"] == PRIVATE and mail == "220 mail\r\n" and free == "hello"
        assert beside == denied == "ECONNREFUSED"


def test_even_an_operator_cannot_open_the_host_itself(world, tmp_path):
    with Hosted(world, tmp_path, "--egress-allow", "0.0.0.0/0") as server:
        function = server.create(PYTHON, network_enabled=True, limits=LIMITS)
        assert ask(server, function, ("tcp", PRIVATE, 7), ("tcp", HOST, 7), ("tcp", "127.0.0.1", 7), ("tcp", "100.64.0.1", 7)) == [
            "hello", "ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED"]
