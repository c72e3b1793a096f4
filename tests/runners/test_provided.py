"""virga-provided between a played server (frames) and bootstraps written for these tests."""

import os
import pathlib
import shutil
import subprocess
import time

import pytest

from frames import CALL, CHUNK, FAILED, LOADED, READY, RESULT, STREAM, Runner, encode_call, encode_load

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
RUNNER = BUILD / "runners/provided/virga-provided"

# In front of every bootstrap here: the runtime API through http.client or a plain socket.
PRELUDE = """#!/usr/bin/python3 -IS
import http.client, json, os, socket, sys
API = os.environ["AWS_LAMBDA_RUNTIME_API"]
BASE = "/2018-06-01/runtime/"
connection = http.client.HTTPConnection(API)
def ask(method, path, body=None, headers={}, connection=connection):
    connection.request(method, BASE + path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()
def next_event():
    status, headers, body = ask("GET", "invocation/next")
    assert status == 200
    return headers["Lambda-Runtime-Aws-Request-Id"], json.loads(body), headers
def respond(id, value, **more):
    return ask("POST", f"invocation/{id}/response", json.dumps(value), **more)
def raw(data):
    host, port = API.split(":")
    s = socket.create_connection((host, int(port)))
    for piece in data if isinstance(data, list) else [data]:
        s.sendall(piece.encode())
    return s
def answer_of(s):
    f = s.makefile("rb")
    status, length = int(f.readline().split()[1]), 0
    for line in iter(f.readline, b"\\r\\n"):
        if line.lower().startswith(b"content-length:"): length = int(line.split()[1])
    return status, f.read(length)
"""
ECHO = "while True:\n    id, event, _ = next_event()\n    respond(id, event)\n"


@pytest.fixture
def slot(tmp_path):
    with Runner([str(RUNNER), "--direct", str(tmp_path)], env={"SECRET": "of the host"},
                entry="bootstrap", handler="bootstrap") as runner:
        yield runner


def load(slot, code, **settings):
    return slot.load({"bootstrap": (PRELUDE + code, 0o755)}, **settings)


# Calls

def test_an_event_goes_in_and_a_response_comes_out(slot):
    load(slot, ECHO)
    for event in ({"a": [1, "ä"]}, None, "text", 0, []):
        assert slot.call(event) == event


def test_a_call_may_follow_the_load_at_once(slot):
    slot.expect(READY)
    slot.send_bytes(encode_load({"bootstrap": PRELUDE + ECHO}, "bootstrap") + encode_call("early"))
    slot.expect(LOADED)
    assert slot.expect(RESULT).json == "early"


def test_bytes_of_events_and_responses_are_not_touched(slot):
    load(slot, """
while True:
    _, headers, body = ask("GET", "invocation/next")
    ask("POST", f"invocation/{headers['Lambda-Runtime-Aws-Request-Id']}/response", body)
""")
    slot.send_bytes(encode_call(b'{"n": 1e400, "n":12345678901234567890.10}'))
    assert slot.expect(RESULT).payload == b'{"n": 1e400, "n":12345678901234567890.10}'


def test_large_events_and_responses_pass_whole(slot):
    load(slot, ECHO, result_limit=16 << 20)
    event = {"text": "xyz" * 1_500_000}
    assert slot.call(event) == event


def test_the_headers_of_an_invocation_say_which_and_until_when(slot):
    load(slot, "while True:\n id, _, h = next_event()\n respond(id, dict(h))\n",
         function="na\r\nme", version=3)
    before = time.time() * 1000
    headers = slot.call(None, call_id="id-7", deadline_ms=5000)
    after = time.time() * 1000
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "id-7"
    assert before + 4900 < int(headers["Lambda-Runtime-Deadline-Ms"]) < after + 5100
    assert headers["Lambda-Runtime-Invoked-Function-Arn"].endswith(":function:na__me:3")
    assert headers["Content-Type"] == "application/json"


def test_the_environment_is_the_settings_and_what_the_api_defines(slot, tmp_path):
    load(slot, "while True:\n id, _, _ = next_event()\n respond(id, dict(os.environ))\n",
         environment={"A": "1", "HOME": "/mine", "_HANDLER": "forged"}, function="name", version=3,
         handler="my.handler")
    env = slot.call()
    assert env.items() >= {
        "A": "1", "HOME": "/mine", "_HANDLER": "my.handler", "LAMBDA_TASK_ROOT": str(tmp_path),
        "AWS_LAMBDA_FUNCTION_NAME": "name", "AWS_LAMBDA_FUNCTION_VERSION": "3"}.items()
    assert env["AWS_LAMBDA_RUNTIME_API"].startswith("127.0.0.1:")
    assert "SECRET" not in env


def test_output_is_in_the_pipes_before_the_result(slot):
    load(slot, """
while True:
    id, n, _ = next_event()
    os.write(1, b"out %d" % n); os.write(2, b"err %d" % n)
    respond(id, n)
""")
    for n in range(50):
        slot.call(n)
        assert (slot.stdout(), slot.stderr()) == (b"out %d" % n, b"err %d" % n)


def test_a_bootstrap_inherits_nothing_but_its_standard_descriptors(slot):
    load(slot, """
targets = []
for fd in os.listdir("/proc/self/fd"):
    try: targets.append(os.readlink(f"/proc/self/fd/{fd}"))
    except OSError: pass
id, _, _ = next_event()
respond(id, [t for t in targets if t.startswith("socket:")])
next_event()
""")
    # What the test's own surroundings leave open has no place here: only sockets are looked at.
    own = {os.readlink(f"/proc/{os.getpid()}/fd/{fd.name}") for fd in os.scandir("/proc/self/fd")
           if os.path.exists(f"/proc/{os.getpid()}/fd/{fd.name}")}
    assert [t for t in slot.call() if t not in own] == []


def test_signals_reach_a_bootstrap_as_usual(slot):
    load(slot, """
import signal
id, _, _ = next_event()
blocked = [int(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, [])]
mask = [l.split()[1] for l in open("/proc/self/status") if l.startswith("SigBlk")][0]
respond(id, [blocked, mask])
next_event()
""")
    assert slot.call() == [[], "0" * 16]


# HTTP


def test_a_chunked_response_is_put_together(slot):
    load(slot, """
while True:
    id, parts, _ = next_event()
    ask("POST", f"invocation/{id}/response", iter([p.encode() for p in parts]))
""")
    assert slot.call(['{"a"', ": ", '"' + "x" * 100_000 + '"', "}"]) == {"a": "x" * 100_000}


def test_a_request_may_come_byte_by_byte_with_extensions_and_trailers(slot):
    load(slot, """
id, _, _ = next_event()
s = raw(list(f"POST {BASE}invocation/{id}/response?x=y HTTP/1.1\\r\\nHost: h\\r\\n"
             "TRANSFER-ENCODING: Chunked\\r\\n\\r\\n5;a=b\\r\\n[1, 2\\r\\n1\\r\\n]\\r\\n0\\r\\nTrailer: t\\r\\n\\r\\n"))
assert answer_of(s)[0] == 202
next_event()
""")
    assert slot.call() == [1, 2]


def test_a_client_that_waits_for_100_continue_gets_it(slot):
    load(slot, """
id, _, _ = next_event()
s = raw(f"POST {BASE}invocation/{id}/response HTTP/1.1\\r\\nContent-Length: 4\\r\\nExpect: 100-continue\\r\\n\\r\\n")
head = s.recv(100)
s.sendall(b"true")
assert answer_of(s)[0] == 202
id, _, _ = next_event()
respond(id, head.decode())
next_event()
""")
    assert slot.call() is True
    assert slot.call() == "HTTP/1.1 100 Continue\r\n\r\n"


def test_requests_may_be_sent_without_waiting_for_answers(slot):
    load(slot, """
s = raw(f"GET {BASE}nothing HTTP/1.1\\r\\n\\r\\nGET {BASE}invocation/next HTTP/1.1\\r\\n\\r\\nGET {BASE}else HTTP/1.1\\r\\n\\r\\n")
f = s.makefile("rb")
import re
def one():
    head = b"".join(iter(f.readline, b"\\r\\n"))
    return int(head.split()[1]), f.read(int(re.search(rb"Content-Length: (\\d+)", head)[1])), head
answers = [one(), one(), one()]
id = re.search(rb"Request-Id: (\\S+)", answers[1][2])[1].decode()
respond(id, [a[0] for a in answers])
next_event()
""")
    assert slot.call() == [404, 200, 404]


def test_many_connections_come_and_go(slot):
    load(slot, """
kept = []
while True:
    id, n, _ = next_event()
    kept += [raw("") for _ in range(40)]
    respond(id, n, connection=http.client.HTTPConnection(API))
    connection.close()
""")
    for n in range(20):
        assert slot.call(n) == n


def test_several_threads_may_wait_for_events(slot):
    load(slot, """
import threading
def work():
    c = http.client.HTTPConnection(API)
    while True:
        _, headers, body = ask("GET", "invocation/next", connection=c)
        ask("POST", f"invocation/{headers['Lambda-Runtime-Aws-Request-Id']}/response", body, connection=c)
for _ in range(4): threading.Thread(target=work).start()
""")
    for n in range(50):
        assert slot.call(n, call_id=f"call-{n}") == n


def test_an_event_is_not_given_to_a_connection_that_has_gone(slot):
    load(slot, """
while True:
    id, event, _ = next_event()
    raw(f"GET {BASE}invocation/next HTTP/1.1\\r\\n\\r\\n").close()
    for _ in range(4): ask("GET", "nothing")  # by then accepted, read and found closed
    respond(id, event)
""")
    for n in range(5):
        assert slot.call(n) == n


@pytest.mark.parametrize("request_line, status", [
    ("GET {BASE}invocation/next/ HTTP/1.1", 404),
    ("GET /2015-01-01/runtime/invocation/next HTTP/1.1", 404),
    ("POST {BASE}invocation/next HTTP/1.1", 405),
    ("GET {BASE}invocation/call-1/response HTTP/1.1", 405),
    ("POST {BASE}invocation/other/response HTTP/1.1\\r\\nContent-Length: 1\\r\\n", 400),
    ("POST {BASE}invocation//error HTTP/1.1\\r\\nContent-Length: 1\\r\\n", 400),
    ("POST {BASE}init/error HTTP/1.1\\r\\nContent-Length: 2\\r\\n", 403),
    ("nonsense", 400),
    ("GET / HTTP/2.0", 400),
    ("GET / HTTP/1.1\\r\\nno colon", 400),
    ("GET / HTTP/1.1\\r\\nbad name : x", 400),
    ("POST / HTTP/1.1\\r\\nContent-Length: 1\\r\\nContent-Length: 2", 400),
    ("POST / HTTP/1.1\\r\\nContent-Length: 1\\r\\nTransfer-Encoding: chunked", 400),
    ("POST / HTTP/1.1\\r\\nContent-Length: -1", 400),
    ("POST / HTTP/1.1\\r\\nTransfer-Encoding: gzip", 400),
    ("POST / HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nxyz\\r\\n", 400),
    ("POST / HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n1\\r\\nabc\\r\\n", 400),
    ("POST / HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nfffffffff\\r\\n", 400),
    ("POST / HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nffffffff\\r\\n", 413),
    ("POST / HTTP/1.1\\r\\nContent-Length: 99999999999", 413),
    ("GET / HTTP/1.1\\r\\nX: {'y' * 20000}", 431),
])
def test_what_the_api_does_not_know_is_refused_and_the_call_goes_on(slot, request_line, status):
    load(slot, f'''
id, _, _ = next_event()
s = raw(f"{request_line}\\r\\n\\r\\n")
status, body = answer_of(s)
respond(id, [status, sorted(json.loads(body))])
next_event()
''')
    assert slot.call() == [status, ["errorMessage", "errorType"]]


def test_accepted_posts_are_answered_with_202(slot):
    load(slot, """
id, _, _ = next_event()
status, _, body = respond(id, 1)
again, _, _ = respond(id, 2)
id, _, _ = next_event()
respond(id, [status, json.loads(body), again])
next_event()
""")
    assert slot.call(call_id="a") == 1
    assert slot.call(call_id="b") == [202, {"status": "OK"}, 400]


# Results that fail


def respond_with(text):
    return f"""
while True:
    id, event, _ = next_event()
    ask("POST", f"invocation/{{id}}/response", {text} if event else b"1")
"""


@pytest.mark.parametrize("body", ["b'plain'", "b'{'", "b'1 2'", "b'\\xff'", "b'NaN'", "b'[' * 5000"])
def test_a_response_that_is_not_json_fails_the_call(slot, body):
    load(slot, respond_with(body))
    failed = slot.call_fails(1)
    assert "not JSON" in failed.message and not failed.fatal
    assert slot.call() == 1


def test_an_empty_response_is_null(slot):
    load(slot, respond_with("b''"))
    assert slot.call(1) is None


@pytest.mark.parametrize("size", [1001, 300 << 10, 4 << 20])
def test_a_response_above_the_limit_fails_the_call(slot, size):
    load(slot, f"""
while True:
    id, event, _ = next_event()
    try: ask("POST", f"invocation/{{id}}/response", b'"' + b"x" * ({size} - 2) + b'"' if event else b"1",
             connection=http.client.HTTPConnection(API))
    except OSError: pass
""", result_limit=1000)
    failed = slot.call_fails(1)
    assert (failed.type, failed.fatal) == ("ResultTooLarge", False) and "1000" in failed.message
    assert slot.call() == 1


def test_a_posted_error_becomes_the_failure(slot):
    load(slot, """
while True:
    id, body, _ = next_event()
    ask("POST", f"invocation/{id}/error", body, {"Lambda-Runtime-Function-Error-Type": "Fallback"})
""")
    failed = slot.call_fails('{"errorMessage": "no", "errorType": "Bad", "stackTrace": ["a", "b", {"line": 1}]}')
    assert (failed.type, failed.message, failed.traceback) == ("Bad", "no", 'a\nb\n{"line":1}\n')
    failed = slot.call_fails("plain words")
    assert (failed.type, failed.message, failed.fatal) == ("Fallback", "plain words", False)
    assert slot.call_fails('{"errorMessage": 5, "stackTrace": 7}').type == "Fallback"
    assert slot.call_fails("[1]").type == "Fallback"


# Responses in pieces

STREAM_OPEN = '''
def begin(id, type="", mode="streaming"):
    type = f"Content-Type: {type}\\r\\n" if type else ""
    return raw(f"POST {BASE}invocation/{id}/response HTTP/1.1\\r\\nHost: h\\r\\n{type}"
               f"Lambda-Runtime-Function-Response-Mode: {mode}\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n")
def chunk(s, data):
    s.sendall(b"%x\\r\\n%s\\r\\n" % (len(data), data))
def end(s, trailer=""):
    s.sendall(f"0\\r\\n{trailer}\\r\\n".encode())
    return answer_of(s)
PRELUDED = "application/vnd.awslambda.http-integration-response"
'''


def load_streaming(slot, body, **settings):
    return load(slot, STREAM_OPEN + "said = None\nwhile True:\n    id, event, _ = next_event()\n" + "".join(
        f"    {line}\n" for line in body.splitlines()), **settings)


def test_a_response_in_pieces_is_passed_on(slot):
    load_streaming(slot, '''
if event == "said": respond(id, said); continue
s = begin(id)
for part in (b"one", b"\\xff\\0", b"x" * 600000): chunk(s, part)
said = end(s)[0]
''', result_limit=1000)
    for _ in range(2):
        opening, chunks, end = slot.stream()
        assert opening == {} and b"".join(chunks) == b"one\xff\0" + b"x" * 600000
        assert (end.type, end.payload) == (RESULT, b"")
    assert slot.call("said") == 202


def test_each_piece_leaves_before_the_next_one_is_made(slot, tmp_path):
    os.mkfifo(tmp_path / "go")
    load_streaming(slot, '''
s = begin(id)
for i in range(3):
    os.write(1, b"piece %d" % i)
    chunk(s, b"%d" % i)
    open("go").read()
end(s)
''')
    slot.send_call()
    slot.answer(STREAM)
    for i in range(3):
        assert slot.answer(CHUNK).payload == b"%d" % i
        assert slot.stdout() == b"piece %d" % i
        (tmp_path / "go").write_bytes(b"go")
    slot.answer(RESULT)


def test_the_content_type_of_a_response_in_pieces_is_kept(slot):
    load_streaming(slot, "s = begin(id, 'text/event-stream')\nchunk(s, b'x')\nend(s)")
    assert slot.stream()[:2] == ({"headers": {"content-type": "text/event-stream"}}, [b"x"])


@pytest.mark.parametrize("cut", [1, 5, 50, 1000])
def test_a_prelude_says_status_and_headers_wherever_it_is_cut(slot, cut):
    load_streaming(slot, f'''
s = begin(id, PRELUDED)
data = b'{{"statusCode": 201, "headers": {{"A": "b"}}}}' + bytes(8) + b"body" + bytes(9)
for at in range(0, len(data), {cut}): chunk(s, data[at:at + {cut}])
end(s)
''')
    opening, chunks, end = slot.stream()
    assert opening == {"statusCode": 201, "headers": {"A": "b"}} and b"".join(chunks) == b"body" + bytes(9)
    assert end.type == RESULT


@pytest.mark.parametrize("data, words", [
    ("b'[1]' + bytes(8) + b'x'", "no JSON object"), ("b'{' + bytes(8)", "no JSON object"),
    ("bytes(8)", "no JSON object"), ("b'{}' + bytes(7)", "ended within its prelude"), ("b''", "ended within"),
    ("b'{\"a\": \"' + b'x' * 40000", "too long"),
])
def test_a_wrong_prelude_fails_the_call(slot, data, words):
    load_streaming(slot, f'''
if event: respond(id, said); continue
s = begin(id, PRELUDED)
if {data}: chunk(s, {data})
said = end(s)[0]
''')
    opening, chunks, end = slot.stream()
    assert (opening, chunks) == (None, []) and end.type == FAILED and not end.fatal
    assert words in end.json["message"]
    assert slot.call(1) == 400


def test_a_response_in_pieces_may_be_empty(slot):
    load_streaming(slot, "end(begin(id))")
    opening, chunks, end = slot.stream()
    assert (opening, chunks, end.type, end.payload) == ({}, [], RESULT, b"")


def test_an_error_in_the_trailer_fails_the_call(slot):
    load_streaming(slot, '''
import base64
if event == "said": respond(id, said); continue
text = base64.b64encode(json.dumps({"errorMessage": "no", "errorType": "Bad", "stackTrace": ["a" * event]}).encode())
s = begin(id)
if event % 2: chunk(s, b"x")
said = end(s, f"Lambda-Runtime-Function-Error-Type: Other\\r\\nLambda-Runtime-Function-Error-Body: {text.decode()}\\r\\n")[0]
''')
    for length in (1, 20000, 30001):
        opening, chunks, end = slot.stream(length)
        assert chunks == [b"x"] * (length % 2) and end.type == FAILED and not end.fatal
        assert end.json == {"type": "Bad", "message": "no", "traceback": "a" * length + "\n"}
    assert slot.call("said") == 202


def test_an_error_type_alone_in_the_trailer_fails_the_call(slot):
    load_streaming(slot, "s = begin(id)\nend(s, 'Lambda-Runtime-Function-Error-Type: Other\\r\\n')")
    assert slot.stream()[2].json["type"] == "Other"


@pytest.mark.parametrize("ending", ["s.close()", "s.sendall(b'zz\\r\\n'); s.recv(100)", "s.shutdown(1)",
                                    "s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0] + [0] * 4)); s.close()"])
def test_a_response_that_breaks_off_fails_the_call_and_the_next_one_is_served(slot, ending):
    load_streaming(slot, f"if event: respond(id, event); continue\ns = begin(id)\nchunk(s, b'x')\n{ending}")
    opening, chunks, end = slot.stream()
    assert chunks in ([], [b"x"]) and end.type == FAILED and not end.fatal
    assert "broke off" in end.json["message"]
    assert slot.call(1) == 1


def test_nobody_else_answers_while_a_response_comes_in_pieces(slot, tmp_path):
    os.mkfifo(tmp_path / "go")
    load_streaming(slot, '''
s = begin(id)
chunk(s, b"a")
open("go").read()
others = [respond(id, 1)[0], ask("POST", f"invocation/{id}/error", "{}")[0]]
t = begin(id)
chunk(t, b"no")
others.append(end(t)[0])
chunk(s, json.dumps(others).encode())
end(s)
''')
    slot.send_call()
    slot.answer(STREAM)
    assert slot.answer(CHUNK).payload == b"a"
    (tmp_path / "go").write_bytes(b"go")  # connections have no order before this
    assert (slot.answer(CHUNK).payload, slot.answer(RESULT).payload) == (b"[400, 400, 400]", b"")


def test_a_bootstrap_that_ends_in_mid_stream_fails_the_call(slot):
    load_streaming(slot, "s = begin(id)\nchunk(s, b'x')\nos._exit(3)")
    assert slot.stream()[2].type == FAILED
    slot.wait_closed()


def test_a_streamed_response_without_chunks_is_refused(slot):
    load_streaming(slot, '''
if event: respond(id, said); continue
said = respond(id, 1, headers={"Lambda-Runtime-Function-Response-Mode": "streaming"})[0]
''')
    assert "chunked" in slot.call_fails().message
    assert slot.call(1) == 400


def test_pieces_sent_to_no_call_are_dropped(slot):
    load_streaming(slot, '''
s = begin("other")
chunk(s, b"x" * 5000)
respond(id, end(s)[0])
''', result_limit=1000)
    assert slot.call() in (400, 413)


# Loads and ends


def load_fails(slot, code, **settings):
    files = code if isinstance(code, dict) else {"bootstrap": PRELUDE + code}
    return slot.load_fails(files, **settings)


def test_an_initialisation_error_fails_the_load(slot):
    failed = load_fails(slot, """
ask("POST", "init/error", '{"errorMessage": "no key", "errorType": "Setup"}')
""")
    assert (failed.type, failed.message) == ("Setup", "no key")


@pytest.mark.parametrize("code, words", [
    ("sys.exit(7)", "exited with status 7 before it asked for an invocation"),
    ("os.kill(os.getpid(), 15)", "ended by signal 15 (Terminated)"),
    ({"bootstrap": "no program"}, "neither a program"),
    ({"bootstrap": "#!/does/not/exist\n"}, "interpreter"),
    ({"main.sh": "#!/bin/sh\n"}, "no file 'bootstrap'"),
    ({"bootstrap/inner": ""}, "no file 'bootstrap'"),
    ({"../x": ""}, "not allowed"), ({"a/./x": ""}, "not allowed"), ({"/x": ""}, "not allowed"),
])
def test_a_bootstrap_that_does_not_start_says_why(slot, code, words):
    assert words in load_fails(slot, code).message


def test_without_a_bootstrap_the_handler_is_the_program(slot):
    slot.load({"bin/echo": PRELUDE + ECHO}, handler="bin/echo")
    assert slot.call(1) == 1


def test_a_handler_cannot_leave_the_code(slot):
    assert "no file" in load_fails(slot, {"x": ""}, handler="../../../usr/bin/id").message


@pytest.mark.parametrize("end, words", [
    ("sys.exit(3)", "exited with status 3"), ("os.abort()", "signal 6"),
])
def test_a_bootstrap_that_ends_during_a_call_fails_it(slot, end, words):
    load(slot, f"next_event()\n{end}\n")
    failed = slot.call_fails()
    assert failed.fatal and words in failed.message


def test_a_response_counts_even_if_the_bootstrap_ends_right_behind_it(slot):
    load(slot, """
id, event, _ = next_event()
s = raw(f"POST {BASE}invocation/{id}/response HTTP/1.1\\r\\nContent-Length: 4\\r\\n\\r\\ntrue")
os._exit(0)
""")
    assert slot.call() is True
    slot.wait_closed()
    assert slot.wait() == 1


def test_the_runner_and_its_bootstrap_end_with_the_socket(slot):
    load(slot, "id, _, _ = next_event()\nrespond(id, os.getpid())\nnext_event()")
    slot.call()
    slot.socket.shutdown(1)
    assert slot.wait() == 0
    slot.stdout_until_closed()


# Examples


def test_the_bash_example_greets(slot):
    slot.load({"bootstrap": (ROOT / "examples/provided-bash/bootstrap").read_text()})
    assert slot.call({"name": "all of you"}) == {"greeting": "hello, all of you"}
    assert slot.call({}) == {"greeting": "hello, world"}
    assert slot.stderr().decode() == "greeting all of you\ngreeting world\n"


@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc")
def test_the_c_example_greets(slot, tmp_path_factory):
    program = tmp_path_factory.mktemp("c") / "bootstrap"
    subprocess.run(["gcc", "-o", program, ROOT / "examples/provided-c/bootstrap.c"], check=True)
    slot.load({"bootstrap": program.read_bytes()})
    for _ in range(3):
        assert slot.call({"name": "x"}) == {"greeting": "hello, x"}
