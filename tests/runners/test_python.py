"""The Python runner, through the frames that the server sends and receives."""

import os
import pathlib
import signal
import socket

import pytest

import frames

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("BUILD", "build") / "runners/python/virga-python"
COPIES = ROOT / os.environ.get("BUILD", "build") / "tests/runners/virga-python-copies"
# An impossible allocation must fail under AddressSanitizer too, instead of ending the process.
SANITIZER = {"ASAN_OPTIONS": "allocator_may_return_null=1"}


@pytest.fixture
def runner(tmp_path):
    with frames.Runner([str(PROGRAM), "--direct"], env={"VIRGA_CODE_DIR": str(tmp_path), **SANITIZER}) as r:
        yield r


# The handler and what it is called with

def test_a_handler_gets_the_event_and_its_result_comes_back(runner):
    runner.load("def handler(event): return event")
    for event in ({"a": [1, 2.5, None, True, "é\U0001f600"]}, [], "text", 0, None, {}):
        assert runner.call(event) == event


def test_a_result_is_compact_json_in_utf8(runner):
    runner.load("def handler(event): return {'a': [1, 'é'], 'b': None}")
    runner.send_bytes(frames.encode_call({}))
    assert runner.expect(frames.RESULT).payload == '{"a":[1,"é"],"b":null}'.encode()


@pytest.mark.parametrize("signature, shown", [
    ("()", 0), ("(event)", 1), ("(event, context)", 2), ("(event, context=None)", 2),
    ("(*args)", 2), ("(event, *rest)", 2), ("(event, *, flag=1)", 1), ("(event, **more)", 1),
])
def test_the_signature_decides_what_a_handler_gets(runner, signature, shown):
    runner.load(f"def handler{signature}: return sum(map(len, [k for k in locals() if 0])) + "
                "len([v for v in locals().values() if v == {'e': 1} or 'Context' in repr(v)]) "
                "if 'args' not in locals() and 'rest' not in locals() "
                "else len(locals().get('args') or (event, *rest))")
    assert runner.call({"e": 1}) == shown


def test_a_decorator_does_not_hide_the_signature(runner):
    runner.load("import functools\n"
                "def deco(f):\n"
                "    @functools.wraps(f)\n"
                "    def inner(*args, **more): return f(*args, **more)\n"
                "    return inner\n"
                "@deco\n"
                "def handler(event): return event")
    assert runner.call(7) == 7


def test_a_callable_object_and_a_class_method_can_be_handlers(runner):
    runner.load("class H:\n    def __call__(self, event): return event + 1\nhandler = H()")
    assert runner.call(1) == 2


def test_a_handler_with_three_required_parameters_is_refused_at_load(runner):
    failed = runner.load_fails("def handler(a, b, c): pass")
    assert failed.message == ("handler 'handler' requires a, b, c; "
                              "it is called with (event) or (event, context)")


def test_the_context_has_attributes_and_keys(runner):
    runner.load("def handler(event, c):\n"
                "    return [c.function_name, c['function_name'], c.function_version, c.call_id,\n"
                "            c.aws_request_id, c.runtime, dict(c)['runtime'], c.get('nothing', 1),\n"
                "            'runtime' in c]",
                function="price", version=7)
    assert runner.call({}, call_id="abc") == [
        "price", "price", 7, "abc", "abc", "python", "python", 1, True]


def test_the_context_knows_the_time_left(runner):
    runner.load("import time\n"
                "def handler(event, c):\n"
                "    return [c.get_remaining_time_in_millis(), (c.deadline - time.monotonic())]")
    left_ms, left_s = runner.call({}, deadline_ms=90000)
    assert 0 < left_ms <= 90000 and 0 < left_s <= 90
    assert runner.call({}, deadline_ms=-1000)[0] == 0


def test_state_of_the_module_lives_from_call_to_call(runner):
    runner.load("n = 0\ndef handler(event):\n    global n\n    n += 1\n    return n")
    assert [runner.call() for _ in range(3)] == [1, 2, 3]


def test_a_call_may_be_sent_before_the_load_is_answered(runner):
    runner.expect(frames.READY)
    runner.send_bytes(frames.encode_load({"main.py": "def handler(e): return e"}, "main.handler") +
                      frames.encode_call(1) + frames.encode_call(2))
    runner.expect(frames.LOADED)
    assert [runner.expect(frames.RESULT).json for _ in range(2)] == [1, 2]


def test_frames_may_arrive_in_single_bytes(runner):
    runner.load("def handler(event): return event")
    for byte in frames.encode_call({"slow": 1}):
        runner.send_bytes(bytes([byte]))
    assert runner.expect(frames.RESULT).json == {"slow": 1}


def test_large_events_and_results_pass(runner):
    runner.load("def handler(event): return event", result_limit=8 << 20)
    event = {"text": "x" * (3 << 20)}
    for _ in range(2):
        assert runner.call(event) == event
    assert runner.call("small") == "small"


# Coroutines

def test_async_handlers_run_on_one_loop(runner):
    runner.load("import asyncio\nloops = set()\n"
                "async def handler(event):\n"
                "    loops.add(id(asyncio.get_running_loop()))\n"
                "    await asyncio.sleep(0)\n"
                "    return [len(loops), event]")
    assert [runner.call(i) for i in range(3)] == [[1, 0], [1, 1], [1, 2]]


def test_an_awaitable_result_is_awaited(runner):
    runner.load("async def inner(event): return event * 2\n"
                "class Later:\n"
                "    def __init__(self, event): self.event = event\n"
                "    def __await__(self): return inner(self.event).__await__()\n"
                "def handler(event): return inner(event) if event < 5 else Later(event)")
    assert runner.call(4) == 8 and runner.call(6) == 12


def test_async_failures_show_only_the_users_frames(runner):
    runner.load("async def handler(event):\n    raise ValueError('no')")
    failed = runner.call_fails()
    assert (failed.type, failed.message) == ("ValueError", "no")
    assert failed.traceback.count("File ") == 1 and "line 2, in handler" in failed.traceback


def test_a_sync_handler_may_use_asyncio_run(runner):
    runner.load("import asyncio\nasync def f(): return 3\n"
                "def handler(event): return asyncio.run(f())")
    assert [runner.call(), runner.call()] == [3, 3]


def test_asyncio_finds_tls_when_it_is_asked_for(runner):
    runner.load("import asyncio, asyncio.sslproto, sys\n"
                "def handler(event):\n"
                "    before = 'ssl' in sys.modules\n"
                "    agains = asyncio.sslproto.ssl.SSLWantReadError\n"
                "    import ssl\n"
                "    return [before, asyncio.base_events.ssl is ssl,\n"
                "            agains in asyncio.sslproto.SSLAgainErrors]")
    assert runner.call() == [False, True, True]


# Results that are no JSON

@pytest.mark.parametrize("value, kind, message", [
    ("{1}", "TypeError", "result of type 'set' is not JSON"),
    ("{'a': [0, {1}]}", "TypeError", "result of type 'set' is not JSON (at result['a'][1])"),
    ("object", "TypeError", "result of type 'type' is not JSON"),
    ("[b'x']", "TypeError", "result of type 'bytes' is not JSON (at result[0])"),
    ("{(1, 2): 3}", "TypeError",
     "result has a key of type 'tuple', JSON has only text as keys"),
    ("float('nan')", "ValueError", "result has nan, which is not JSON"),
    ("[float('-inf')]", "ValueError", "result has -inf, which is not JSON (at result[0])"),
    ("loop", "ValueError", "result contains itself and is not JSON (at result[0])"),
    ("10 ** 5000", "ValueError", "Exceeds the limit (4300 digits) for integer string conversion"),
])
def test_a_result_that_is_no_json_is_named(runner, value, kind, message):
    runner.load(f"loop = []\nloop.append(loop)\ndef handler(event): return {value}")
    failed = runner.call_fails()
    assert (failed.type, failed.fatal) == (kind, False)
    assert failed.message.partition("; use sys.")[0] == message


def test_a_result_too_long_names_the_limit_and_the_value(runner):
    runner.load("def handler(event): return 'x' * event", result_limit=100)
    assert runner.call(98) == "x" * 98
    failed = runner.call_fails(99)
    assert failed.type == "ResultTooLong"
    assert failed.message == "result of 101 bytes is over the limit of 100 bytes"


def test_lone_surrogates_are_escaped(runner):
    runner.load("def handler(event): return {'\\udc80k': 'é\\ud800'}")
    runner.send_bytes(frames.encode_call({}))
    assert runner.expect(frames.RESULT).payload == '{"\\udc80k":"é\\ud800"}'.encode()


def test_deeply_nested_results_and_events_fail_and_the_slot_lives(runner):
    runner.load("def handler(event):\n"
                "    if event: return event\n"
                "    r = []\n"
                "    for _ in range(100000): r = [r]\n"
                "    return r")
    assert runner.call_fails(0).type == "RecursionError"
    assert runner.call_fails(b"[" * 100000 + b"]" * 100000).type == "RecursionError"
    assert runner.call(1) == 1


@pytest.mark.parametrize("event", [b"", b"{", b"1 2", b"nope", b"NaN", b'"\xff"', b"[1,]"])
def test_an_event_that_is_no_json_fails_the_call(runner, event):
    runner.load("def handler(event): return 1")
    assert runner.call_fails(event).type in ("ValueError", "JSONDecodeError", "UnicodeDecodeError")
    assert runner.call(b" \n{} ") == 1


# Exceptions

def test_an_exception_is_told_without_the_runners_frames(runner):
    runner.load("def inner():\n    raise KeyError('no')\ndef handler(event):\n    inner()")
    failed = runner.call_fails()
    assert (failed.type, failed.message, failed.fatal) == ("KeyError", "'no'", False)
    lines = failed.traceback.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith('main.py", line 4, in handler') and lines[2] == "    inner()"
    assert failed.traceback.count("File ") == 2 and "virga" not in failed.traceback
    assert lines[-1] == "KeyError: 'no'"


def test_chained_exceptions_are_kept(runner):
    runner.load("def handler(event):\n"
                "    try: 1 / 0\n"
                "    except ZeroDivisionError as e: raise RuntimeError('b') from e")
    failed = runner.call_fails()
    assert failed.type == "RuntimeError"
    assert "ZeroDivisionError" in failed.traceback and "direct cause" in failed.traceback


@pytest.mark.parametrize("code, kind, message", [
    ("import sys; sys.exit(3)", "SystemExit", "handler called sys.exit(3)"),
    ("exit()", "SystemExit", "handler called sys.exit()"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt", ""),
    ("import os, signal; os.kill(os.getpid(), signal.SIGINT)\n    while True: pass",
     "KeyboardInterrupt", ""),
    ("handler(event)", "RecursionError", "maximum recursion depth exceeded"),
    ("bytearray(1 << 62)", "MemoryError", ""),
])
def test_what_ends_other_programs_fails_only_the_call(runner, code, kind, message):
    runner.load(f"def handler(event):\n    if event: return event\n    {code}")
    failed = runner.call_fails(0)
    assert (failed.type, failed.message, failed.fatal) == (kind, message, False)
    assert runner.call(5) == 5


def test_tracebacks_and_messages_are_bounded(runner):
    runner.load("def handler(event):\n"
                "    try: raise ValueError('é' * 1000000)\n"
                "    except ValueError: raise TypeError('x' * 1000000)")
    failed = runner.call_fails()
    assert len(failed.message.encode()) <= 8 << 10 and "bytes left out" in failed.message
    assert len(failed.traceback.encode()) <= 64 << 10
    assert failed.traceback.startswith("Traceback")


@pytest.mark.parametrize("body", [
    "def __str__(self): raise ValueError", "def __str__(self): return 5",
    "def __str__(self): return '\\ud800'", "__str__ = None",
    "def __str__(self): import sys; sys.exit()",
])
def test_an_exception_that_cannot_describe_itself_is_reported(runner, body):
    runner.load(f"class Bad(Exception):\n    {body}\n"
                "def handler(event):\n    if event: return 1\n    raise Bad()")
    assert runner.call_fails(0).type == "Bad"
    assert runner.call(1) == 1


# Loading

def test_files_are_written_with_their_modes_and_imported(runner, tmp_path):
    runner.load({"main.py": "import pkg.tool, subprocess\n"
                            "def handler(event):\n"
                            "    out = subprocess.run(['./bin/run'], capture_output=True)\n"
                            "    return [pkg.tool.name, out.stdout.decode(), open('data.txt').read()]",
                 "pkg/__init__.py": "", "pkg/tool.py": "name = __name__",
                 "bin/run": ("#!/bin/sh\necho ran\n", 0o755), "data.txt": "data"})
    assert runner.call() == ["pkg.tool", "ran\n", "data"]
    assert (tmp_path / "data.txt").stat().st_mode & 0o777 == 0o644


def test_a_handler_may_live_in_a_package(runner):
    runner.load({"app/__init__.py": "", "app/web/__init__.py": "",
                 "app/web/main.py": "def handle(event): return __name__"}, "app.web.main.handle")
    assert runner.call() == "app.web.main"


def test_the_users_files_win_over_modules_imported_ahead(runner):
    runner.load({"main.py": "import string, uuid\n"
                            "def handler(event): return [string.mine, hasattr(uuid, 'uuid4')]",
                 "string.py": "mine = True"})
    assert runner.call() == [True, True]


def test_the_module_knows_its_file_and_name(runner, tmp_path):
    runner.load("import sys, inspect\n"
                "def handler(event):\n"
                "    import main\n"
                "    return [__name__, __file__, sys.path[0], main is sys.modules['main'],\n"
                "            inspect.getsource(handler).splitlines()[0], sys.argv, __spec__.name]")
    file = str(tmp_path / "main.py")
    assert runner.call() == ["main", file, str(tmp_path), True, "def handler(event):", [file],
                             "main"]


def test_dataclasses_pickle_and_annotations_work_in_the_module(runner):
    runner.load("from __future__ import annotations\n"
                "import dataclasses, pickle\n"
                "@dataclasses.dataclass\n"
                "class P:\n    x: int\n"
                "def handler(event): return dataclasses.asdict(pickle.loads(pickle.dumps(P(3))))")
    assert runner.call() == {"x": 3}


def test_a_syntax_error_names_file_and_line(runner):
    failed = runner.load_fails("import os\ndef handler(event:\n    pass")
    assert failed.type == "SyntaxError" and "(main.py, line 2)" in failed.message
    assert "virga" not in failed.traceback and "main.py" in failed.traceback


def test_an_exception_at_load_shows_only_the_users_frames(runner):
    failed = runner.load_fails("def f():\n    return 1 / 0\nf()")
    assert failed.type == "ZeroDivisionError"
    assert failed.traceback.count("File ") == 2 and "virga" not in failed.traceback


@pytest.mark.parametrize("code, handler, kind, message", [
    ("def handle(e): pass\ndef other(e): pass", "main.handler", "HandlerError",
     "handler 'handler' not found in main.py; it has: handle, other"),
    ("", "main.handler", "HandlerError",
     "handler 'handler' not found in main.py; it has no functions"),
    ("handler = 5", "main.handler", "HandlerError",
     "handler 'handler' in main.py is of type 'int', not a function"),
    ("", "handler", "HandlerError", "handler 'handler' must read 'file.function'"),
    ("", "other.handler", "HandlerError",
     "no file 'other.py' for the handler; the code has: main.py"),
    ("import nothing_such", "main.handler", "ModuleNotFoundError",
     "No module named 'nothing_such'"),
    ("import sys; sys.exit('bye')", "main.handler", "SystemExit", "code called sys.exit('bye')"),
])
def test_code_that_cannot_be_loaded_says_why(runner, code, handler, kind, message):
    failed = runner.load_fails(code, handler)
    assert (failed.type, failed.message) == (kind, message)


@pytest.mark.parametrize("path", ["../x", "/x", "a/../x", "a//b", "./x", "", "a/", "a\0b"])
def test_files_that_would_leave_the_code_directory_are_refused(runner, tmp_path, path):
    failed = runner.load_fails({path: "x", "main.py": "def handler(e): pass"})
    assert "leaves the code directory" in failed.message
    assert not (tmp_path.parent / "x").exists()


def test_calls_after_a_failed_load_are_ignored(runner):
    runner.load_fails("1 / 0")
    runner.send_bytes(frames.encode_call(1))
    runner.socket.shutdown(socket.SHUT_WR)
    runner.wait_closed()


def test_the_environment_is_the_functions_own(runner):
    runner.load("import os, subprocess\n"
                "def handler(event):\n"
                "    env = subprocess.run(['/usr/bin/env'], capture_output=True, text=True).stdout\n"
                "    return [dict(os.environ), sorted(env.split())]",
                environment={"KEY": "välue", "TZ": "Asia/Tokyo"})
    expected = {"HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8",
                "PATH": "/usr/local/bin:/usr/bin:/bin", "KEY": "välue", "TZ": "Asia/Tokyo"}
    environ, inherited = runner.call()
    assert environ == expected
    assert [line for line in inherited if line.split("=")[0] in expected] == sorted(
        f"{k}={v}" for k, v in expected.items())


def test_an_impossible_environment_fails_the_load(runner):
    assert runner.load_fails("", environment={"A=B": "c"}).type == "ValueError"


# What is printed

def test_what_is_printed_is_in_the_pipes_before_the_answer(runner):
    runner.load("import sys\nprint('loading')\n"
                "def handler(event):\n"
                "    print('out', event); print('err', file=sys.stderr)\n"
                "    return 1")
    assert runner.stdout() == b"loading\n"
    runner.call("é")
    assert runner.stdout() == "out é\n".encode() and runner.stderr() == b"err\n"
    runner.call(2)
    assert runner.stdout() == b"out 2\n"


def test_what_a_failing_handler_printed_is_there_too(runner):
    runner.load("def handler(event):\n    print('before')\n    1 / 0")
    runner.call_fails()
    assert runner.stdout() == b"before\n"


def test_what_was_printed_before_a_kill_is_not_lost(runner):
    runner.load("def handler(event):\n    print('on my way')\n    while True: pass")
    runner.send_bytes(frames.encode_call())
    assert first_output(runner) == b"on my way\n"
    os.kill(runner.pid, signal.SIGKILL)


def test_what_was_printed_before_a_long_sleep_arrives_early(runner):
    runner.load("import time\ndef handler(event):\n    print('zzz')\n    time.sleep(1000)")
    runner.send_bytes(frames.encode_call())
    assert first_output(runner) == b"zzz\n"


def first_output(runner):
    os.set_blocking(runner.pipes["stdout"], True)
    return os.read(runner.pipes["stdout"], 1000)


@pytest.mark.parametrize("code", [
    "sys.stdout.close()", "sys.stdout = None", "del sys.stdout", "sys.stdout = 5", "os.close(1)",
    "sys.stdout = io.StringIO()", "sys.stdout.buffer.detach()", "sys.stdout.detach()",
    "sys.stdout.flush = None", "sys.stderr.close(); os.close(2)",
])
def test_streams_that_user_code_breaks_do_not_break_the_runner(runner, code):
    runner.load(f"import io, os, sys\ndef handler(event):\n    if event == 0: {code}\n    return event")
    assert [runner.call(i) for i in range(3)] == [0, 1, 2]


def test_a_stream_in_place_of_stdout_is_flushed(runner):
    runner.load("import io, sys\n"
                "class Shout(io.TextIOBase):\n"
                "    def __init__(self, to): self.to, self.text = to, ''\n"
                "    def write(self, text): self.text += text\n"
                "    def flush(self): self.to.write(self.text.upper()); self.text = ''\n"
                "sys.stdout = Shout(sys.stdout)\n"
                "def handler(event): print(event)")
    runner.call("quiet")
    assert runner.stdout() == b"QUIET\n"


def test_what_child_processes_and_c_code_print_is_there(runner):
    runner.load("import ctypes, subprocess\n"
                "def handler(event):\n"
                "    subprocess.run(['/bin/echo', 'child'])\n"
                "    ctypes.CDLL(None).puts(b'from C')")
    runner.call()
    assert runner.stdout() == b"child\nfrom C\n"


# Processes, threads, descriptors

def test_children_that_return_from_the_handler_do_not_answer(runner):
    runner.load("import os\n"
                "def handler(event):\n"
                "    pid = os.fork()\n"
                "    if pid == 0: return 'child'\n"
                "    return ['parent', os.waitpid(pid, 0)[1]]")
    for _ in range(3):
        assert runner.call() == ["parent", 0]


def test_children_that_raise_do_not_answer(runner):
    runner.load("import os\n"
                "def handler(event):\n"
                "    pid = os.fork()\n"
                "    if pid == 0: raise ValueError\n"
                "    return ['parent', os.waitpid(pid, 0)[1]]")
    assert runner.call()[0] == "parent" and runner.call()[0] == "parent"


def test_programs_that_user_code_starts_do_not_find_the_socket(runner):
    runner.load("import os, subprocess\n"
                "def handler(event):\n"
                "    return subprocess.run(['/bin/ls', '/proc/self/fd'], close_fds=False,\n"
                "                          capture_output=True, text=True).stdout.split()")
    assert "3" not in runner.call()[:-1] or len(runner.call()) == 4  # ls's own descriptor


def test_multiprocessing_works(runner):
    runner.load("import multiprocessing\n"
                "def work(q): q.put(42)\n"
                "def handler(event):\n"
                "    q = multiprocessing.SimpleQueue()\n"
                "    p = multiprocessing.Process(target=work, args=(q,))\n"
                "    p.start(); got = q.get(); p.join()\n"
                "    return [got, p.exitcode]")
    assert runner.call() == [42, 0]


def test_threads_run_on_while_the_runner_waits(runner):
    runner.load("import os, threading\n"
                "r, w = os.pipe()\ngo = threading.Event()\n"
                "def run():\n    go.wait(); os.write(1, b'from the thread')\n"
                "threading.Thread(target=run, daemon=True).start()\n"
                "def handler(event): go.set()")
    runner.call()
    assert first_output(runner) == b"from the thread"


def test_closing_the_runners_socket_ends_the_slot(runner):
    runner.load("import os\ndef handler(event): os.close(3)")
    runner.send_bytes(frames.encode_call())
    runner.wait_closed()
    assert runner.wait() == 0


def test_the_runner_ends_with_its_socket(runner):
    runner.load("import atexit\nprint('kept')\ndef handler(event): pass")
    runner.socket.close()
    assert runner.wait() == 0
    assert runner.stdout_until_closed() == b"kept\n"


@pytest.mark.parametrize("garbage", [b"\xff" * 64, frames.encode(0x77),
                                     frames.encode(frames.CALL, b"123"),
                                     b"\0\0\0\0\2\0\1\0"])
def test_garbage_ends_the_runner(runner, garbage):
    runner.load("def handler(event): pass")
    runner.send_bytes(garbage)
    runner.wait_closed()
    runner.wait()


def test_closed_pipes_become_exceptions(runner):
    runner.load("import os\ndef handler(event):\n"
                "    r, w = os.pipe(); os.close(r); os.write(w, b'x')")
    assert runner.call_fails().type == "BrokenPipeError"


# Copies of a template

@pytest.fixture
def template(tmp_path):
    with frames.Template([str(COPIES), "--code-dir", str(tmp_path)]) as t:
        yield t


def test_copies_share_no_random_numbers_and_no_state(template):
    code = ("import random, uuid, os\nseen = []\n"
            "async def handler(event):\n"
            "    seen.append(event)\n"
            "    return [random.random(), str(uuid.uuid4()), os.getpid(), len(seen)]")
    answers = []
    for _ in range(3):
        with template.copy() as runner:
            runner.load(code)
            answers.append(runner.call())
    for column in range(3):
        assert len({row[column] for row in answers}) == 3
    assert [row[3] for row in answers] == [1, 1, 1]


def test_a_copy_may_start_threads_and_children(template):
    with template.copy() as runner:
        runner.load("import threading, subprocess\n"
                    "def handler(event):\n"
                    "    t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()\n"
                    "    return subprocess.run('exit 3', shell=True).returncode")
        assert runner.call() == 3 and runner.stdout() == b"thread\n"
