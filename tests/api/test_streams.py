"""Results in pieces and bytes through the real server and sandbox, joined for a caller that wants them whole."""

import base64
import http.client
import json

import pytest
from virga import until

OPENED = {"statusCode": 201, "headers": {"a": "b"}, "body": "one two"}
BOOTSTRAP = """#!/usr/bin/python3 -IS
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/invocation/"
while True:
    api.request("GET", base + "next")
    got = api.getresponse()
    id, event = got.headers["Lambda-Runtime-Aws-Request-Id"], got.read()
    api.request("POST", f"{base}{id}/response", iter([b'{"statusCode": 201, "headers": {"a": "b"}}', bytes(8), b"one ", b"two"]),
                {"Lambda-Runtime-Function-Response-Mode": "streaming",  # chunked, since its length is not known
                 "Content-Type": "application/vnd.awslambda.http-integration-response"})
    api.getresponse().read()
"""


def python(server, body, **fields):
    return server.create("def handler(event):\n" + "".join(f"    {line}\n" for line in body.splitlines()), **fields)


@pytest.mark.parametrize("runtime, code", [
    ("python", "def handler(event):\n    yield {'statusCode': 201, 'headers': {'a': 'b'}}\n    yield 'one '\n    yield b'two'"),
    ("nodejs", "exports.handler = async function* () { yield { statusCode: 201, headers: { a: 'b' } }; yield 'one ';"
               " yield Buffer.from('two'); };"),
])
def test_pieces_are_joined(shared, runtime, code):
    fn = shared.create(code, runtime=runtime)
    for cold in (True, False):
        result = shared.call(fn)
        assert result["output"] == OPENED and result["cold_start"] == cold


def test_pieces_of_a_bootstrap_are_joined(shared):
    reply = shared.deploy({"bootstrap": BOOTSTRAP.encode()}, "streaming-bootstrap", runtime="provided")
    assert reply.status == 200, reply.body
    for _ in range(2):
        assert shared.call(reply.json)["output"] == OPENED


def test_pieces_without_status_are_a_string_or_base64(shared):
    fn = python(shared, "yield 'a' if event else b'\\xff'\nyield 'é'")
    assert shared.call(fn, 1)["output"] == "aé"
    assert shared.call(fn, 0)["output"] == {"isBase64Encoded": True, "body": "/8Op"}


def stream(server, fn, event=None, **headers):
    """The events of a call as (name, data), while they come."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)
    try:
        connection.request("POST", f"/api/invoke/{fn['id']}", json.dumps({"input": event}),
                           {"Accept": "text/event-stream", "Authorization": f"Bearer {server.key}", **headers})
        reply = connection.getresponse()
        assert reply.status == 200 and reply.headers["Content-Type"] == "text/event-stream", reply.read()
        while (line := reply.readline()):
            name, data = line.decode()[len("event: "):-1], reply.readline().decode()[len("data: "):]
            assert reply.readline() == b"\n"
            yield name, json.loads(data)
    finally:
        connection.close()


def joined(events):
    return b"".join(d["text"].encode() if "text" in d else base64.b64decode(d["base64"]) for name, d in events if name == "piece")


def test_pieces_are_passed_on_as_events_to_who_takes_them(shared):
    fn = python(shared, "yield {'statusCode': 201, 'headers': {'a': 'b'}}\nprint('log')\nyield 'é\\n'\nyield b'\\xff'\nyield '\\x01' * 9999")
    events = list(stream(shared, fn))
    assert events[0] == ("open", {"statusCode": 201, "headers": {"a": "b"}}) and events[1] == ("piece", {"text": "é\n"})
    assert joined(events) == "é\n".encode() + b"\xff" + b"\x01" * 9999
    name, result = events[-1]
    assert name == "result" and result["success"] and result["stdout"] == "log\n" and "output" not in result
    assert shared.records(fn)[0]["id"] == result["invocation_id"] and shared.records(fn)[0]["streamed"]


def test_what_is_no_stream_is_answered_as_ever(shared):
    fn = python(shared, "return event")
    reply = shared.request("POST", f"/api/invoke/{fn['id']}", {"input": 7}, headers={"Accept": "text/event-stream, */*;q=0.1"})
    assert reply.headers["Content-Type"] == "application/json" and reply.json["output"] == 7
    reply = shared.request("POST", f"/api/invoke/{'0' * 24}", {}, headers={"Accept": "text/event-stream"})
    assert reply.status == 404 and reply.json == {"detail": "Function not found"}


def test_a_stream_of_events_that_fails_ends_with_the_reason(shared):
    fn = python(shared, "yield 'a'\n1 / 0")
    *pieces, (name, result) = stream(shared, fn)
    assert joined(pieces) == b"a" and name == "result" and not result["success"] and "ZeroDivisionError" in result["error"]
    assert "Traceback" in result["traceback"]
    stranger = [d for n, d in stream(shared, fn, Authorization="") if n == "result"]
    assert "traceback" not in stranger[0] and "stdout" not in stranger[0]


def test_a_call_whose_caller_leaves_its_events_is_ended(shared):
    fn = python(shared, "yield 'first'\nwhile True: yield 'more'")
    events = stream(shared, fn)
    assert [next(events)[0], next(events)[1]] == ["open", {"text": "first"}]
    events.close()
    ended = until(lambda: shared.records(fn), "the call ends")[0]
    assert (ended["status"], ended["error"]) == ("error", "the caller went away")


def test_joined_pieces_keep_to_the_limit_of_a_result(shared):
    fn = python(shared, "while True: yield 'x' * 1000", limits={"result_kb": 100})
    result = shared.call(fn)
    assert result["status"] == "output_limit" and "limit 102400" in result["error"]


def test_a_wrong_opening_says_what_is_wrong(shared):
    for opening, words in (("{'statusCode': 101}", "from 200 to 599"), ("{'statusCode': 200, 'cookies': 'a=1'}", "cookies"),
                           ("{'headers': {'a': 'b\\r\\nc: d'}}", "control characters")):
        result = shared.call(python(shared, f"yield {opening}\nyield 'x'"))
        assert result["status"] == "error" and words in result["error"], result


def test_an_exception_in_mid_stream_costs_no_slot(shared):
    fn = python(shared, "yield 'a'\nif event: 1 / 0")
    result = shared.call(fn, 1)
    assert result["status"] == "error" and "ZeroDivisionError" in result["error"]
    again = shared.call(fn, 0)
    assert again["output"] == "a" and not again["cold_start"]


def test_a_thread_left_behind_does_not_answer_the_next_call(shared):
    fn = python(shared, "import os, threading, struct\n"
                        "def forge():\n"
                        "    go.wait()\n"
                        "    os.write(3, struct.pack('<IBBH', 6, 0x83, 0, 1) + b'\"late\"')\n"
                        "    said.set()\n"
                        "if event == 1:\n"
                        "    global go, said\n"
                        "    go, said = threading.Event(), threading.Event()\n"
                        "    threading.Thread(target=forge).start()\n"
                        "else:\n"
                        "    go.set()\n"
                        "    said.wait()\n"
                        "return event")
    assert [shared.call(fn, n)["output"] for n in (1, 2)] == [1, 2]


def test_bytes_become_base64(shared):
    assert shared.call(python(shared, "return {'statusCode': 200, 'body': b'\\xff'}"))["output"] == {
        "statusCode": 200, "body": "/w==", "isBase64Encoded": True}
    fn = shared.create("exports.handler = () => Buffer.from([255]);", runtime="nodejs")
    assert shared.call(fn)["output"] == {"isBase64Encoded": True, "body": "/w=="}
