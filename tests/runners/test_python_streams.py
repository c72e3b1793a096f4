"""Results in pieces, and bytes, of the Python runner."""

import os
import pathlib

import pytest

import frames
from test_python import PROGRAM, SANITIZER, first_output


@pytest.fixture
def runner(tmp_path):
    with frames.Runner([str(PROGRAM), "--direct"], env={"VIRGA_CODE_DIR": str(tmp_path), **SANITIZER}) as r:
        yield r


GENERATOR = "yield 'é'\n        yield b'\\xff'\n        yield ''\n        yield {'n': [1]}\n        yield None"
PIECES = ["é".encode(), b"\xff", b'{"n":[1]}\n', b"null\n"]


@pytest.mark.parametrize("code", [
    f"def handler(event):\n    if 1:\n        {GENERATOR}",
    f"async def handler(event):\n    if 1:\n        {GENERATOR}",
    f"def handler(event):\n    def g():\n        {GENERATOR}\n    return g()",
    f"async def handler(event):\n    def g():\n        {GENERATOR}\n    return g()",
    f"async def handler(event):\n    async def g():\n        {GENERATOR}\n    return g()",
    "def handler(event): return iter(['é', b'\\xff', '', {'n': [1]}, None])",
    "def handler(event): return map(lambda x: x, ['é', bytearray(b'\\xff'), {'n': [1]}, None])",
    "class It:\n    def __init__(self): self.n = iter(['é', memoryview(b'\\xff'), {'n': [1]}, None])\n"
    "    def __aiter__(self): return self\n"
    "    async def __anext__(self):\n"
    "        try: return next(self.n)\n"
    "        except StopIteration: raise StopAsyncIteration\n"
    "def handler(event): return It()",
])
def test_what_a_generator_yields_goes_out_in_pieces(runner, code):
    runner.load(code)
    for _ in range(2):
        opening, chunks, end = runner.stream({})
        assert (opening, chunks) == ({}, PIECES)
        assert (end.type, end.payload) == (frames.RESULT, b"")


def test_each_piece_leaves_before_the_next_one_is_made(runner):
    runner.load("import os\n"
                "os.mkfifo('go')\n"
                "def handler(event):\n"
                "    for i in range(3):\n"
                "        print('piece', i, flush=True)\n"
                "        yield str(i)\n"
                "        open('go').read()")
    fifo = pathlib.Path(os.readlink(f"/proc/{runner.pid}/cwd")) / "go"
    runner.send_call({}, flags=frames.STREAM_OK)
    runner.answer(frames.STREAM)
    for i in range(3):
        assert runner.answer(frames.CHUNK).payload == b"%d" % i
        assert runner.stdout() == b"piece %d\n" % i
        fifo.write_bytes(b"go")
    runner.answer(frames.RESULT)


@pytest.mark.parametrize("first, opening, chunks", [
    ("{'statusCode': 201, 'headers': {'A': 'é'}}", {"statusCode": 201, "headers": {"A": "é"}}, [b"x"]),
    ("{'statusCode': 204}", {"statusCode": 204}, [b"x"]),
    ("{'headers': {}}", {"headers": {}}, [b"x"]),
    ("{'headers': 1, 'more': 2}", {}, [b'{"headers":1,"more":2}\n', b"x"]),
])
def test_a_first_object_with_a_status_opens_the_stream(runner, first, opening, chunks):
    runner.load(f"def handler(event):\n    yield {first}\n    yield 'x'")
    assert runner.stream({})[:2] == (opening, chunks)


def test_the_body_of_a_response_may_come_in_pieces(runner):
    runner.load("def g(): yield 'a'; yield 'b'\n"
                "async def ag():\n    yield 'a'\n    yield 'b'\n"
                "def handler(event):\n"
                "    return {'statusCode': 201, 'headers': {'A': 'b'}, 'body': ag() if event else g()}")
    for event in (0, 1):
        opening, chunks, end = runner.stream(event)
        assert opening == {"statusCode": 201, "headers": {"A": "b"}} and chunks == [b"a", b"b"]
        assert end.type == frames.RESULT


def test_a_stream_may_be_empty(runner):
    runner.load("def handler(event): return iter(())")
    assert runner.stream()[:2] == ({}, [])
    assert runner.stream()[2].payload == b""


def test_large_pieces_are_cut_and_the_result_limit_is_not_theirs(runner):
    runner.load("def handler(event):\n    yield b'x' * 3000000\n    yield 'y'", result_limit=100)
    assert b"".join(runner.stream()[1]) == b"x" * 3000000 + b"y"


def test_an_exception_in_mid_stream_fails_the_call_and_the_next_one_is_served(runner):
    runner.load("def handler(event):\n    print('log')\n    if event == 2: 1 / 0\n    yield 'a'\n    if event: 1 / 0\n")
    opening, chunks, end = runner.stream(1)
    assert chunks == [b"a"] and end.type == frames.FAILED and not end.fatal
    failed = frames.Failed(end)
    assert failed.type == "ZeroDivisionError" and failed.traceback.count("File ") == 1
    assert runner.stdout() == b"log\n"
    assert runner.stream(2)[0] is None  # it failed before anything went out
    assert runner.stream(0)[1] == [b"a"]


@pytest.mark.parametrize("piece, message", [
    ("{1}", "result of type 'set' is not JSON"), ("'\\ud800'", "surrogates not allowed"),
    ("float('nan')", "which is not JSON"),
    ("{'statusCode': 200, 'headers': {'a': 'x' * 40000}}", "limit of 32768 bytes"),
])
def test_a_piece_that_cannot_be_sent_fails_the_call_and_closes_the_generator(runner, piece, message):
    runner.load("def handler(event):\n    try:\n        yield " + piece + "\n"
                "    finally:\n        print('closed')")
    end = runner.stream()[2]
    assert end.type == frames.FAILED and message in end.json["message"]
    assert runner.stdout() == b"closed\n"


def test_an_async_stream_runs_in_one_task(runner):
    runner.load("import asyncio\n"
                "async def handler(event):\n"
                "    async with asyncio.timeout(50):\n"
                "        first = asyncio.current_task()\n"
                "        yield 'a'\n"
                "        await asyncio.sleep(0)\n"
                "        yield str(asyncio.current_task() is first)")
    assert runner.stream()[1] == [b"a", b"True"]


def test_a_reader_that_is_slow_makes_the_generator_wait(runner):
    runner.load("import threading, os\n"
                "def handler(event):\n"
                "    for i in range(100):\n"
                "        print(i)\n"
                "        yield b'x' * 100000")
    runner.send_call()
    runner.answer(frames.STREAM)
    runner.answer(frames.CHUNK)
    assert first_output(runner).startswith(b"0\n")  # flushed, since nobody knows how long it waits
    os.set_blocking(runner.pipes["stdout"], False)
    for _ in range(99):
        runner.answer(frames.CHUNK)
    runner.answer(frames.RESULT)
    assert runner.stdout().endswith(b"99\n")


def test_children_that_yield_do_not_answer(runner):
    runner.load("import os\n"
                "def handler(event):\n"
                "    pid = os.fork()\n"
                "    yield 'child' if pid == 0 else 'parent'\n"
                "    if pid: os.waitpid(pid, 0)")
    assert runner.stream()[1] == [b"parent"]


@pytest.mark.parametrize("value, expected", [
    ("b'\\xff'", {"isBase64Encoded": True, "body": "/w=="}),
    ("bytearray(b'a')", {"isBase64Encoded": True, "body": "YQ=="}),
    ("memoryview(b'')", {"isBase64Encoded": True, "body": ""}),
    ("{'statusCode': 200, 'headers': {'A': 'b'}, 'body': b'\\xff'}",
     {"statusCode": 200, "headers": {"A": "b"}, "body": "/w==", "isBase64Encoded": True}),
])
def test_bytes_become_base64(runner, value, expected):
    runner.load(f"def handler(event): return {value}")
    assert runner.call() == expected
