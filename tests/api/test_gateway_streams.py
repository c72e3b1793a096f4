"""Results in pieces on their way through the gateway: as they come, as slowly as they are read, and no longer than somebody reads."""

import http.client
import re
import socket

import pytest

from test_gateway import Project, project  # noqa: F401
from virga import until


def connect(project, method="GET", path="/"):
    connection = http.client.HTTPConnection("127.0.0.1", project.server.port, timeout=20)
    connection.request(method, f"/api/gateway/{project.slug}{path}")
    return connection, connection.getresponse()


def test_a_stream_arrives_in_pieces(project):
    project.serve("def handler(event):\n"
                  "    yield {'statusCode': 202, 'headers': {'content-type': 'text/event-stream', 'x-own': '1'}}\n"
                  "    yield 'data: 1\\n\\n'\n"
                  "    yield 'data: 2\\n\\n'\n")
    connection, reply = connect(project)
    assert (reply.status, reply.headers["Content-Type"], reply.headers["x-own"]) == (202, "text/event-stream", "1")
    assert reply.headers["Transfer-Encoding"] == "chunked" and re.fullmatch("[0-9a-f]{36}", reply.headers["X-Virga-Call"])
    assert reply.read() == b"data: 1\n\ndata: 2\n\n"
    connection.close()


def test_a_stream_may_set_several_cookies(project):
    project.serve("def handler(event):\n"
                  "    yield {'statusCode': 200, 'headers': {'set-cookie': ['a=1', 'virga_session=forged'], 'x-n': 5},\n"
                  "           'multiValueHeaders': {'x-m': ['1', '2']}, 'cookies': ['b=2', 'c=3']}\n"
                  "    yield 'x'\n")
    connection, reply = connect(project)
    assert reply.headers.get_all("set-cookie") == ["a=1", "b=2", "c=3"]
    assert reply.headers["x-n"] == "5" and reply.headers.get_all("x-m") == ["1", "2"] and reply.read() == b"x"
    connection.close()


def test_the_first_piece_is_there_before_the_last_is_made(project):
    project.serve("import time\ndef handler(event):\n    yield 'first'\n    while True: time.sleep(1)\n", limits={"timeout_ms": 4000})
    connection, reply = connect(project)
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.read(5) == b"first"
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        rest = reply.read()
        assert rest == b"", "the stream broke off: it must not look complete"
        raise ConnectionError
    connection.close()


def test_a_client_that_leaves_frees_the_slot(shared, project):
    fn = project.function("import time\ndef handler(event):\n    while True:\n        yield 'x' * 1000\n        time.sleep(0.01)\n",
                          limits={"timeout_ms": 60000})
    project.add("GET", "/", fn)
    connection, reply = connect(project)
    assert reply.read(10) == b"x" * 10
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    reply.close()
    connection.close()
    record = until(lambda: shared.records(fn), "the call has ended")[0]
    assert record["status"] == "error" and "caller" in record["error"]


def test_a_client_that_closes_ends_a_stream_that_says_nothing(shared, project):
    fn = project.function("import time\ndef handler(event):\n    yield 'x'\n    time.sleep(60)\n", limits={"timeout_ms": 60000})
    project.add("GET", "/", fn)
    connection, reply = connect(project)
    assert reply.read(1) == b"x"
    reply.close()
    connection.close()
    record = until(lambda: shared.records(fn), "the call has ended")[0]
    assert record["status"] == "error" and "caller" in record["error"] and record["duration_ms"] < 30000


def test_a_slow_reader_pauses_the_function(shared, project):
    fn = project.function("def handler(event):\n    for n in range(400): yield chr(97 + n % 26) * 65536\n")
    project.add("GET", "/", fn)
    connection, reply = connect(project)
    body = reply.read()
    assert len(body) == 400 * 65536 and body[:65536] == b"a" * 65536 and body[-65536:] == bytes([97 + 399 % 26]) * 65536
    connection.close()


def test_head_of_a_stream_has_its_headers_only(project):
    project.serve("def handler(event):\n    yield {'headers': {'x-own': '1'}}\n    while True: yield 'x'\n")
    connection, reply = connect(project, "HEAD")
    assert reply.status == 200 and reply.headers["x-own"] == "1" and reply.read() == b""
    connection.close()
