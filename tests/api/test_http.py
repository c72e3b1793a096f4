"""HTTP as an attacker and a careless client speak it: a clear refusal or a closed connection, and a server that goes on."""

import json
import random
import re
import resource
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from virga import Server, until

HOST = b"Host: x\r\n"
MB = 1 << 20


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """Closes what is silent for a second, and takes 64 connections."""
    with Server(tmp_path_factory.mktemp("impatient"), "--http-idle=1", "--max-connections=64") as running:
        yield running


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def read_all(s):
    """Everything until the server closes; a reset ends it too."""
    got = b""
    try:
        while more := s.recv(1 << 16):
            got += more
    except ConnectionResetError:
        pass
    return got


def raw(server, data, end=True):
    """Sends bytes and reads until the server closes. The sending half is closed when `end`."""
    with connect(server) as s:
        try:
            s.sendall(data)
            if end:
                s.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return read_all(s)


def statuses(reply):
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", reply)]


def read_reply(s, already=b""):
    """One reply with a Content-Length: status, headers, body, and what came behind it."""
    got = already
    while b"\r\n\r\n" not in got:
        more = s.recv(1 << 16)
        assert more, got
        got += more
    head, rest = got.split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    headers = {k.lower(): v.strip() for k, v in (line.split(b":", 1) for line in lines[1:])}
    length = int(headers.get(b"content-length", 0))
    while len(rest) < length:
        more = s.recv(1 << 16)
        assert more, (len(rest), length)
        rest += more
    return int(lines[0].split()[1]), headers, rest[:length], rest[length:]


def check_alive(server):
    assert server.request("GET", "/api/health").json["status"] == "ok"


def get(path=b"/api/health", headers=b""):
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n"


def post(server, path, headers, body=b""):
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
            "Content-Type: application/json\r\n").encode() + headers + b"\r\n" + body


# What is no HTTP

MALFORMED = {
    "no version": (b"GET /api/health\r\n\r\n", 400),
    "version 0.9": (b"GET /api/health HTTP/0.9\r\n" + HOST + b"\r\n", 505),
    "version 2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "lower-case version": (b"GET / http/1.1\r\n" + HOST + b"\r\n", 400),
    "two spaces": (b"GET  /api/health HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a tab for a space": (b"GET\t/api/health HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a method that is no token": (b"G@T / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "bare LF after the request line": (b"GET /api/health HTTP/1.1\nHost: x\r\n\r\n", 400),
    "bare LF after a header": (b"GET /api/health HTTP/1.1\r\nHost: x\n\r\n", 400),
    "bare CR in a header": (get(headers=b"A: b\rc\r\n"), 400),
    "NUL in a header": (get(headers=b"A: b\0c\r\n"), 400),
    "white space before the colon": (get(headers=b"A : b\r\n"), 400),
    "white space before Content-Length's colon": (get(headers=b"Content-Length : 5\r\n"), 400),
    "a folded line": (get(headers=b"A: b\r\n c\r\n"), 400),
    "a folded first line": (b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
    "a header without a colon": (get(headers=b"nonsense\r\n"), 400),
    "a header without a name": (get(headers=b": b\r\n"), 400),
    "missing Host": (b"GET /api/health HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (get(headers=b"Host: y\r\n"), 400),
    "two equal Hosts": (get(headers=HOST), 400),
    "an empty Host": (b"GET /api/health HTTP/1.1\r\nHost:\r\n\r\n", 400),
    "a Host with a slash": (b"GET /api/health HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "a Host with an at": (b"GET /api/health HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
    "NUL in the path": (get(b"/api/he\0alth"), 400),
    "an encoded NUL in the path": (get(b"/api/functions/%00"), 400),
    "bad percent-encoding": (get(b"/api/functions/%zz"), 400),
    "half a percent-encoding": (get(b"/api/functions/%4"), 400),
    "bad percent-encoding in the query": (get(b"/api/functions?limit=%"), 400),
    "a space in the path": (get(b"/api/he alth"), 400),
    "bytes above 127 in the path": (get(b"/api/\xff"), 400),
    "a path without a slash": (get(b"api/health"), 400),
    "CONNECT's target": (b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "another host in the target": (get(b"http://y/api/health"), 400),
    "differing Content-Lengths": (get(headers=b"Content-Length: 1\r\nContent-Length: 2\r\n"), 400),
    "repeated Content-Length": (get(headers=b"Content-Length: 1\r\nContent-Length: 1\r\n"), 400),
    "a list as Content-Length": (get(headers=b"Content-Length: 1, 1\r\n"), 400),
    "a negative Content-Length": (get(headers=b"Content-Length: -1\r\n"), 400),
    "a signed Content-Length": (get(headers=b"Content-Length: +1\r\n"), 400),
    "a hexadecimal Content-Length": (get(headers=b"Content-Length: 0x1\r\n"), 400),
    "an empty Content-Length": (get(headers=b"Content-Length:\r\n"), 400),
    "a Content-Length of 2^64": (get(headers=b"Content-Length: 18446744073709551616\r\n"), 400),
    "Content-Length and Transfer-Encoding": (get(headers=b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400),
    "two Transfer-Encodings": (get(headers=b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400),
    "gzip, chunked": (get(headers=b"Transfer-Encoding: gzip, chunked\r\n"), 501),
    "a vertical tab before chunked": (get(headers=b"Transfer-Encoding: \x0bchunked\r\n"), 400),
    "identity": (get(headers=b"Transfer-Encoding: identity\r\n"), 501),
    "chunked in HTTP/1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "an unknown expectation": (get(headers=b"Expect: cake\r\n"), 417),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_request_is_refused_and_the_connection_closed(shared, what):
    request, status = MALFORMED[what]
    reply = raw(shared, request + get(), end=False)  # the server closes: what follows has no known border
    assert statuses(reply) == [status], reply
    body = json.loads(reply.split(b"\r\n\r\n", 1)[1])
    assert isinstance(body["detail"], str) and body["detail"]
    assert b"Connection: close" in reply


@pytest.mark.parametrize("size", [b"", b"-1", b"+1", b"0x1", b"zz", b" 1", b"1 ", b"1_0", b"1;a=\x01",
                                  b"1\n", b"1\r"])
def test_a_bad_chunk_size_is_refused(shared, size):
    request = post(shared, "/api/functions", b"Transfer-Encoding: chunked\r\n", size + b"\r\nx\r\n0\r\n\r\n")
    assert statuses(raw(shared, request + get(), end=False)) == [400]


def test_a_chunk_size_beyond_all_bounds_is_too_large(shared):
    for size in b"7fffffff", b"f" * 16, b"f" * 17, b"1" + b"0" * 16:
        request = post(shared, "/api/functions", b"Transfer-Encoding: chunked\r\n", size + b"\r\nx\r\n0\r\n\r\n")
        assert statuses(raw(shared, request + get(), end=False)) == [413]


def test_a_chunk_that_does_not_end_where_it_says_is_refused(shared):
    request = post(shared, "/api/functions", b"Transfer-Encoding: chunked\r\n", b"1\r\nxy\r\n0\r\n\r\n")
    assert statuses(raw(shared, request + get(), end=False)) == [400]


def test_a_body_in_chunks_of_one_byte_is_put_together(shared):
    fn = shared.create("def handler(event): return event")
    body = b'{"input": [1, 2, 3]}'
    chunks = b"".join(b"1;ext=1\r\n" + body[i:i + 1] + b"\r\n" for i in range(len(body)))
    request = post(shared, f"/api/invoke/{fn['id']}", b"Transfer-Encoding: Chunked\r\n", chunks + b"0\r\nTrailer: x\r\n\r\n")
    reply = raw(shared, request)
    assert statuses(reply) == [200] and b'"output":[1,2,3]' in reply


def test_binary_garbage_is_refused(shared):
    dice = random.Random(1)
    for _ in range(200):
        reply = raw(shared, dice.randbytes(dice.randrange(1, 3000)))
        assert reply == b"" or all(400 <= s < 500 for s in statuses(reply)) and statuses(reply), reply
    reply = raw(shared, bytes.fromhex("1603010200010001fc0303") + dice.randbytes(500))  # a TLS greeting
    assert reply == b"" or statuses(reply) == [400]
    check_alive(shared)


def test_mutated_requests_never_end_the_server_or_its_framing(shared):
    dice = random.Random(2)
    valid = [get(), get(b"/api/functions?limit=5"), post(shared, "/api/functions", b"Content-Length: 12\r\n", b'{"name":"x"}'),
             post(shared, "/api/functions", b"Transfer-Encoding: chunked\r\n", b"c\r\n" + b'{"name":"x"}' + b"\r\n0\r\n\r\n")]
    for _ in range(600):
        request = bytearray(dice.choice(valid))
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(request))
            how = dice.randrange(3)
            if how == 0:
                request[at] = dice.choice(b"\0\r\n\t :;,/%\x7f\xff0aA{")
            elif how == 1:
                del request[at:at + dice.randrange(1, 8)]
            else:
                request[at:at] = request[at:at + dice.randrange(1, 40)]
        got = statuses(raw(shared, bytes(request)))
        assert all(s < 500 or s in (501, 505) for s in got), (request, got)
    check_alive(shared)


# Sizes

def test_many_headers_are_refused(shared):
    fine = b"".join(b"X-%d: a\r\n" % i for i in range(50))
    assert statuses(raw(shared, get(headers=fine))) == [200]
    flood = b"".join(b"X-%d: a\r\n" % i for i in range(2000))
    assert statuses(raw(shared, get(headers=flood))) == [431]


def test_large_headers_are_refused_while_they_come(shared):
    assert statuses(raw(shared, get(headers=b"X: " + b"a" * 40000 + b"\r\n"))) == [431]
    assert statuses(raw(shared, b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * MB, end=False)) == [431]
    assert statuses(raw(shared, b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n" + HOST + b"\r\n")) == [414]
    assert statuses(raw(shared, b"a" * MB, end=False)) in ([400], [414])


@pytest.mark.parametrize("length", [6 * MB + 1, 1 << 40, 2**64 - 1])
def test_a_body_too_large_is_refused_before_it_is_sent(shared, length):
    with connect(shared) as s:
        s.sendall(post(shared, "/api/functions", b"Content-Length: %d\r\n" % length))
        status, headers, body, _ = read_reply(s)
        assert status == 413 and json.loads(body) == {"detail": "Content Too Large"}
        assert headers[b"connection"] == b"close"


def test_a_chunked_body_too_large_is_refused_and_not_kept(shared):
    before = shared.metric("virga_server_resident_bytes")
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    reply = raw(shared, post(shared, "/api/functions", b"Transfer-Encoding: chunked\r\n", piece * 200))
    assert statuses(reply) in ([413], []), reply  # [] when a reset overtook the answer of one who went on sending
    until(lambda: shared.metric("virga_server_resident_bytes") < before + 24 * MB, "the body's memory is given back")


def test_the_largest_body_passes(shared):
    fn = shared.create("def handler(event): return len(event)")
    event = "x" * (6 * MB - 64)
    assert shared.call(fn, event)["output"] == len(event)


def test_large_bodies_for_strangers_are_not_kept(shared):
    """Without a key the answer is known from the head: the body is thrown away as it comes."""
    before = shared.metric("virga_server_resident_bytes")
    sockets = [connect(shared) for _ in range(20)]
    for s in sockets:
        s.sendall(b"POST /api/functions HTTP/1.1\r\n" + HOST + b"Content-Length: 6000000\r\n\r\n")
    for s in sockets:
        assert read_reply(s)[0] == 401
        s.close()
    assert shared.metric("virga_server_resident_bytes") < before + 16 * MB


# Time

def test_a_silent_connection_is_closed(impatient):
    with connect(impatient) as s:
        assert read_all(s) == b""


def test_a_slow_head_is_answered_with_its_reason(impatient):
    with connect(impatient) as s:
        s.sendall(b"GET /api/hea")
        assert statuses(read_all(s)) == [408]


def test_a_head_that_comes_byte_by_byte_has_one_time_for_all(impatient):
    with connect(impatient) as s:
        s.settimeout(0.1)
        got, end = b"", time.monotonic() + 10
        for byte in get(headers=b"X: " + b"a" * 1000 + b"\r\n"):
            try:
                s.send(bytes([byte]))
                got = s.recv(4096)
                break
            except TimeoutError:
                assert time.monotonic() < end, "the server reads on for ever"
        assert statuses(got) == [408]


def test_a_slow_body_is_answered_with_its_reason(impatient):
    with connect(impatient) as s:
        s.sendall(post(impatient, "/api/functions", b"Content-Length: 10\r\n", b"{"))
        assert statuses(read_all(s)) == [408]


def test_slow_clients_do_not_slow_others(impatient):
    slow = [connect(impatient) for _ in range(30)]
    for s in slow:
        s.sendall(b"POST /api/functions HTTP/1.1\r\n")
    fn = impatient.create("def handler(event): return event")
    for n in range(50):
        assert impatient.call(fn, n)["output"] == n
    for s in slow:
        assert statuses(read_all(s)) == [408]
        s.close()


# Connections

def test_a_half_closed_socket_is_answered(shared):
    fn = shared.create("import time\ndef handler(event):\n    time.sleep(0.2)\n    return 'here'")
    reply = raw(shared, post(shared, f"/api/invoke/{fn['id']}", b"Content-Length: 2\r\n", b"{}"))
    assert statuses(reply) == [200] and b'"output":"here"' in reply


def test_half_a_request_and_a_closed_half_is_dropped(shared):
    assert raw(shared, b"GET /api/health HTTP/1.1\r\nHo") == b""
    assert raw(shared, post(shared, "/api/functions", b"Content-Length: 100\r\n", b"{")) == b""


def test_pipelined_requests_are_answered_in_order(shared):
    fn = shared.create("def handler(event): return event")
    requests = []
    for n in range(100):
        body = b'{"input": "n%d"}' % n
        requests.append(post(shared, f"/api/invoke/{fn['id']}", b"Content-Length: %d\r\n" % len(body), body))
        requests.append(get(b"/api/functions/none%d" % n))  # 401, from the head alone
        requests.append(get())
    reply = raw(shared, b"".join(requests))
    assert statuses(reply) == [200, 401, 200] * 100
    at = [reply.index(b'"n%d"' % n) for n in range(100)]
    assert at == sorted(at)


def test_bytes_behind_a_body_are_the_next_request(shared):
    reply = raw(shared, post(shared, "/api/functions", b"Content-Length: 2\r\n", b"{}") + b"garbage\r\n\r\n")
    assert statuses(reply) == [422, 400]


def test_connection_close_is_honoured(shared):
    assert statuses(raw(shared, get(headers=b"Connection: close\r\n") + get(), end=False)) == [200]
    assert statuses(raw(shared, b"GET /api/health HTTP/1.0\r\n\r\n" + get(), end=False)) == [200]


def test_expect_100_continue_invites_the_body_once_it_is_wanted(shared):
    with connect(shared) as s:
        s.sendall(post(shared, "/api/functions", b"Content-Length: 2\r\nExpect: 100-continue\r\n"))
        assert s.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(b"{}")
        assert read_reply(s)[0] == 422
    with connect(shared) as s:  # refused from the head: the body is not asked for
        s.sendall(b"POST /api/functions HTTP/1.1\r\n" + HOST + b"Content-Length: 5000000\r\nExpect: 100-continue\r\n\r\n")
        assert read_reply(s)[0] == 401
        assert read_all(s) == b""
    with connect(shared) as s:
        s.sendall(post(shared, "/api/functions", b"Content-Length: 50000000\r\nExpect: 100-continue\r\n"))
        assert read_reply(s)[0] == 413


def test_the_head_of_a_reply_cannot_be_split_by_a_path(shared):
    reply = raw(shared, get(b"/api/functions/?a=%0d%0aX-Evil:%201"))
    assert statuses(reply) == [307] and b"\r\nX-Evil" not in reply


def test_thousands_of_idle_connections_cost_little_and_calls_go_on(shared, record_property):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10000, hard - 200)
    fn = shared.create("def handler(event): return event")
    shared.call(fn)
    before = shared.metric("virga_server_resident_bytes")
    sockets = []
    try:
        for _ in range(count):
            sockets.append(connect(shared))
        for n in range(20):
            assert shared.call(fn, n)["output"] == n
        grown = shared.metric("virga_server_resident_bytes") - before
        record_property("connections", count)
        record_property("bytes_each", int(grown / count))
        assert grown < count * 1024 + 8 * MB, f"{count} connections cost {grown} bytes"
        s = sockets[count // 2]
        s.sendall(get())
        assert read_reply(s)[0] == 200
    finally:
        for s in sockets:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    check_alive(shared)


def test_connections_beyond_the_bound_are_closed(impatient):
    until(lambda: impatient.metric("virga_http_connections") == 1, "earlier connections are gone")
    sockets = [connect(impatient) for _ in range(64)]
    late = [connect(impatient) for _ in range(10)]
    for s in late:
        assert read_all(s) == b""
        s.close()
    for s in sockets:
        s.close()
    until(lambda: statuses(raw(impatient, get())) == [200], "new connections are taken again")


# Clients that leave

def test_a_client_that_disconnects_during_a_call_leaks_no_slot(shared):
    fn = shared.create("import time\ndef handler(event):\n    time.sleep(event)\n    return 'done'", concurrency=2, queue=100)
    assert shared.call(fn, 0)["success"]
    body = b'{"input": 0.05}'
    for _ in range(30):
        s = connect(shared)
        s.sendall(post(shared, f"/api/invoke/{fn['id']}", b"Content-Length: %d\r\n" % len(body), body))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close resets
        s.close()
    assert shared.call(fn, 0)["output"] == "done"
    until(lambda: shared.metric('virga_slots{state="busy"}') == 0, "no slot stays busy")


def test_a_client_that_never_reads_holds_bounded_memory_and_no_slot(shared):
    fn = shared.create("def handler(event): return 'x' * (4 << 20)", concurrency=4, queue=100)
    assert shared.call(fn)["success"]
    before = shared.metric("virga_server_resident_bytes")
    sockets = []
    for _ in range(80):  # 320 MB of answers, above what all connections together may hold
        s = connect(shared)
        s.sendall(post(shared, f"/api/invoke/{fn['id']}", b"Content-Length: 2\r\n", b"{}") * 2)
        sockets.append(s)
    quick = shared.create("def handler(event): return event")
    for n in range(20):
        assert shared.call(quick, n)["output"] == n
    until(lambda: shared.metric('virga_slots{state="busy"}') == 0, "all calls have ended", 60)
    assert shared.metric("virga_server_resident_bytes") < before + 360 * MB
    for s in sockets:
        s.close()
    check_alive(shared)
    until(lambda: shared.metric("virga_http_buffered_bytes") < MB, "the answers are thrown away")


def test_those_who_hold_the_most_give_way_to_others(shared):
    fn = shared.create("def handler(event): return event")
    path = f"/api/invoke/{fn['id']}"
    sockets = []
    for size, count in (5 * MB, 60), (60000, 300):
        for _ in range(count):  # bodies that never end, until nothing is left of what bodies may take
            s = connect(shared)
            try:
                s.sendall(post(shared, path, b"Content-Length: 6000000\r\n", b" " * size))
            except (BrokenPipeError, ConnectionResetError):
                pass
            sockets.append(s)
    until(lambda: shared.metric("virga_http_buffered_bytes") > 200 * MB, "the server has read them", 60)
    for n in range(100):
        event = [n] * 10000
        result = shared.call(fn, event)
        assert result["success"] and result["output"] == event, {**result, "output": None}
    for s in sockets:
        s.close()
    until(lambda: shared.metric("virga_http_buffered_bytes") < MB, "the bodies are thrown away")


def test_many_threads_over_kept_connections_all_get_their_own_answer(shared):
    fn = shared.create("def handler(event): return event", concurrency=8)

    def client(k):
        with connect(shared) as s:
            rest = b""
            for n in range(50):
                body = json.dumps({"input": [k, n, "é" * k]}).encode()
                s.sendall(post(shared, f"/api/invoke/{fn['id']}", b"Content-Length: %d\r\n" % len(body), body))
                status, _, answer, rest = read_reply(s, rest)
                assert status == 200 and json.loads(answer).get("output") == [k, n, "é" * k], answer
        return True

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(client, range(16)))
