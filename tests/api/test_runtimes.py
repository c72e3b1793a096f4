"""Node.js, provided programs and what Python brings, through the real server and sandbox."""

import shutil
import subprocess

import pytest

from virga import ROOT


def node(server, code, **fields):
    return server.create(code, runtime="nodejs", **fields)


def node_files(server, files, name, **query):
    reply = server.deploy(files, name, **query)
    assert reply.status == 200, reply.body
    return reply.json


# Node.js

NODE_FORMS = {
    "a plain function": "exports.handler = (event) => event.n + 1",
    "an async function": "exports.handler = async (event) => event.n + 1",
    "a promise": "exports.handler = (event) => new Promise((done) => setTimeout(() => done(event.n + 1), 1))",
    "a callback": "exports.handler = (event, context, callback) => callback(null, event.n + 1)",
    "module.exports": "module.exports = { handler: (event) => event.n + 1 }",
}


@pytest.mark.parametrize("form", NODE_FORMS)
def test_node_takes_handlers_of_every_form(shared, form):
    fn = node(shared, NODE_FORMS[form])
    for n in range(3):
        assert shared.call(fn, {"n": n})["output"] == n + 1


def test_node_loads_modules_and_files(shared):
    fn = node_files(shared, {"index.mjs": b"import { hello } from './lib/hello.mjs';\n"
                                          b"export const handler = async (event) => hello(event);\n",
                             "lib/hello.mjs": b"import { readFileSync } from 'node:fs';\n"
                                              b"export const hello = (n) => readFileSync('/code/data.txt', 'utf8') + n;\n",
                             "data.txt": b"hi "}, "node-modules")
    assert shared.call(fn, "you")["output"] == "hi you"


def test_node_keeps_what_is_printed_apart(shared):
    fn = node(shared, "exports.handler = (event) => { console.log('out', {a: 1}); console.error('err'); return 'r'; }")
    result = shared.call(fn)
    assert result["output"] == "r" and result["stdout"] == "out { a: 1 }\n" and result["stderr"] == "err\n"
    assert shared.records(fn)[0]["stdout"] == "out { a: 1 }\n"


def test_node_any_value_goes_in_and_comes_out(shared):
    fn = node(shared, "exports.handler = (event) => event")
    for event in [True, 0, -1.5, "", "ünïcödé \U0001f600\u2028", "\u0000", [], {"a": [1, None]}, "x" * 2_000_000]:
        assert shared.call(fn, event)["output"] == event
    assert shared.call(node(shared, "exports.handler = () => {}"))["output"] is None


@pytest.mark.parametrize("code, words", [
    ("exports.handler = () => { throw new TypeError('no such thing') }", "TypeError: no such thing"),
    ("exports.handler = async () => { throw new TypeError('no such thing') }", "TypeError: no such thing"),
    ("exports.handler = (e, c, done) => done(new Error('by callback'))", "by callback"),
    ("exports.handler = async () => { throw 'a string' }", "a string"),
    ("exports.handler = async () => { throw null }", "null"),
    ("exports.handler = () => { const a = {}; a.a = a; return a }", "circular"),
    ("exports.handler = () => 5n", "BigInt"),
    ("exports.handler = () =>", "SyntaxError"),
    ("exports.other = 1", "handler"),
    ("throw new Error('at load')", "at load"),
    ("require('no-such-module')", "no-such-module"),
])
def test_node_errors_say_what_is_wrong(shared, code, words):
    result = shared.call(node(shared, code))
    assert result["status"] == "error" and words in result["error"], result


def test_node_shows_the_stack_to_the_owner_only(shared):
    fn = node(shared, "function inner() { throw new Error('boom') }\nexports.handler = () => inner()")
    mine = shared.call(fn)
    assert "inner" in mine["traceback"] and "index.js:1" in mine["traceback"]
    assert "traceback" not in shared.invoke(fn, key=False).json


@pytest.mark.parametrize("code, status, words, limits", [
    ("exports.handler = () => { for (;;); }", "timeout", "timeout_ms = 500", {"timeout_ms": 500}),
    ("exports.handler = () => new Promise(() => setInterval(() => {}, 1000))", "timeout", "timeout_ms = 500", {"timeout_ms": 500}),
    ("exports.handler = () => { const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1)); }", "oom", "memory_mb = 96", {"memory_mb": 96}),
    ("exports.handler = () => process.exit(3)", ("crashed", "error"), "3", {}),
    ("exports.handler = () => process.abort()", "crashed", "signal", {}),
    ("exports.handler = () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}) }", ("crashed", "error"), "", {}),
    ("exports.handler = () => { for (;;) console.log('x'.repeat(1000)) }", "output_limit", "output_kb = 64", {"output_kb": 64}),
])
def test_node_that_misbehaves_ends_with_its_reason(shared, code, status, words, limits):
    fn = node(shared, code, limits={"timeout_ms": 15000, "cpu": 1, **limits})
    result = shared.call(fn)
    assert result["status"] in ([status] if isinstance(status, str) else status) and words in result["error"], result
    assert shared.call(node(shared, "exports.handler = () => 'fine'"))["output"] == "fine"


def test_node_heap_bomb_ends_and_names_memory(shared):
    """V8 gives up by itself before the kernel does: still the caller learns that it was memory."""
    fn = node(shared, "exports.handler = () => { const a = []; for (;;) a.push({ a: [1, 2, 3] }); }",
              limits={"timeout_ms": 30000, "memory_mb": 96, "cpu": 1})
    result = shared.call(fn)
    assert result["status"] in ("oom", "crashed"), result
    assert "memory" in result["error"], result


def test_node_too_small_a_memory_limit_is_refused(shared):
    reply = shared.request("POST", "/api/functions", {"name": "tiny-node", "code": "exports.handler = () => 1",
                                                      "runtime": "node", "limits": {"memory_mb": 32}})
    assert reply.status == 422 and "64 MB" in reply.json["detail"][0]["msg"]


def test_node_sees_environment_context_and_nothing_of_the_host(shared):
    fn = node(shared, "const fs = require('fs');\nexports.handler = (event, context) => [process.env.A, context.functionName,\n"
                      "  context.awsRequestId, fs.existsSync('/etc/shadow'), fs.readdirSync('/tmp').length, process.getuid() === 0]",
              environment={"A": "b"}, name="node-context")
    result = shared.call(fn)
    assert result["output"] == ["b", "node-context", result["invocation_id"], False, 0, False]


# provided

BASH_ONE = """#!/bin/bash
set -f
exec 9<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API/://}"
ask() { # METHOD PATH BODY
  local LC_ALL=C line length=0
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n%s' "$1" "$2" "${#3}" "$3" >&9
  while IFS= read -r line <&9; line=${line%$'\\r'}; [[ $line ]]; do
    case ${line,,} in
      content-length:*) length=${line##*: } ;;
      lambda-runtime-aws-request-id:*) id=${line##*: } ;;
    esac
  done
  body=; ((length == 0)) || IFS= read -r -N "$length" body <&9
}
while ask GET invocation/next; do
  BODY
done
"""


def bash(server, body, name, **settings):
    import json
    files = {"bootstrap": (BASH_ONE.replace("BODY", body).encode(), 0o755)}
    if settings:
        files["virga.json"] = json.dumps(settings).encode()
    reply = server.deploy(files, name)
    assert reply.status == 200, reply.body
    return reply.json


@pytest.fixture(scope="module")
def c_program(tmp_path_factory):
    if not shutil.which("gcc"):
        pytest.skip("no C compiler here")
    program = tmp_path_factory.mktemp("c") / "bootstrap"
    subprocess.run(["gcc", "-O1", "-static", "-o", program, ROOT / "examples/provided-c/bootstrap.c"], check=True, timeout=60)
    return program.read_bytes()


def test_a_program_in_c_is_a_function(shared, c_program):
    fn = node_files(shared, {"bootstrap": (c_program, 0o755)}, "in-c")
    assert fn["runtime"] == "provided" and fn["code"] == ""
    for n in range(20):
        result = shared.call(fn, {"name": f"n{n}"})
        assert result["output"] == {"greeting": f"hello, n{n}"} and result["stderr"] == f"greeting n{n}\n"
        assert result["cold_start"] is (n == 0)


def test_the_example_in_bash_is_a_function(shared):
    code = (ROOT / "examples/provided-bash/bootstrap").read_bytes()
    fn = node_files(shared, {"bootstrap": (code, 0o755)}, "in-bash")
    for n in range(3):
        assert shared.call(fn, {"name": f"n{n}"})["output"] == {"greeting": f"hello, n{n}"}


def test_a_provided_program_echoes_every_event(shared):
    fn = bash(shared, 'ask POST "invocation/$id/response" "$body"', "bash-echo")
    for event in [{"a": [1, None, "ü"]}, 5, "x" * 100000, {}]:
        assert shared.call(fn, event)["output"] == event


def test_a_provided_program_reports_an_error(shared):
    fn = bash(shared, 'ask POST "invocation/$id/error" \'{"errorMessage": "no luck", "errorType": "Luck", "stackTrace": ["a", "b"]}\'',
              "bash-error")
    result = shared.call(fn)
    assert result["status"] == "error" and result["error"] == "Luck: no luck", result


@pytest.mark.parametrize("what, body, status, words", [
    ("exits", "exit 7", "error", "exited with status 7"),
    ("exits-with-success", "exit 0", "error", "exited with status 0"),
    ("hangs", "while :; do :; done", "timeout", "timeout_ms = 1000"),
    ("no-json", 'ask POST "invocation/$id/response" "oops"', ("error", "crashed"), "JSON"),
    ("killed", "kill -9 $$; while :; do :; done", "crashed", "137"),
    ("segfault", "kill -11 $$; while :; do :; done", "error", "signal 11"),
])
def test_a_provided_program_that_misbehaves_ends_with_its_reason(shared, what, body, status, words):
    fn = bash(shared, body, f"bash-{what}", limits={"timeout_ms": 1000 if status == "timeout" else 20000, "cpu": 1})
    result = shared.call(fn)
    assert result["status"] in ([status] if isinstance(status, str) else status) and words in result["error"], result
    again = shared.call(fn)
    assert again["status"] == result["status"]


def test_a_provided_function_without_bootstrap_says_so(shared):
    fn = node_files(shared, {"other": b"x"}, "no-bootstrap", runtime="provided")
    result = shared.call(fn)
    assert result["status"] == "error" and "bootstrap" in result["error"], result


@pytest.mark.parametrize("content", [b"", b"\x7fELF garbage", b"no interpreter line", b"#!/no/such/interpreter\n", b"\0" * 5000])
def test_a_bootstrap_that_cannot_run_says_so(shared, content):
    fn = node_files(shared, {"bootstrap": (content, 0o755)}, f"bad-bootstrap-{len(content)}")
    result = shared.call(fn)
    assert result["status"] in ("error", "crashed") and result["error"], result


def test_a_provided_program_stays_within_its_memory(shared):
    fn = bash(shared, "a=x; while :; do a=$a$a; done", "bash-memory", limits={"timeout_ms": 20000, "memory_mb": 32, "cpu": 1})
    result = shared.call(fn)
    assert result["status"] == "oom" and "memory_mb = 32" in result["error"], result


# Python

PYTHON = {
    "subprocess": ("import subprocess\ndef handler(event):\n"
                   "    return subprocess.run(['/bin/echo', event], capture_output=True, text=True).stdout", "a b", "a b\n"),
    "shell": ("import os\ndef handler(event): return os.popen(event).read()", "echo $((1+1)) | tr 2 3", "3\n"),
    "threads": ("from concurrent.futures import ThreadPoolExecutor\ndef handler(event):\n"
                "    with ThreadPoolExecutor(8) as pool: return sum(pool.map(lambda n: n * n, range(event)))", 100, 328350),
    "asyncio": ("import asyncio\nasync def one(n):\n    await asyncio.sleep(0.001)\n    return n\nasync def handler(event):\n"
                "    return sum(await asyncio.gather(*(one(n) for n in range(event))))", 50, 1225),
    "sqlite3": ("import sqlite3\ndef handler(event):\n    db = sqlite3.connect('/tmp/x.db')\n"
                "    db.execute('create table if not exists t (n)')\n    db.execute('insert into t values (?)', (event,))\n    db.commit()\n"
                "    return db.execute('select max(n) from t').fetchone()[0]", 5, 5),
    "hashlib": ("import hashlib\ndef handler(event): return hashlib.sha256(event.encode()).hexdigest()[:8]", "x", "2d711642"),
    "ssl": ("import ssl\ndef handler(event): return ssl.create_default_context().verify_mode.name", None, "CERT_REQUIRED"),
    "decimal, datetime, zoneinfo": ("import decimal, datetime, zoneinfo\ndef handler(event):\n"
                                    "    return str(decimal.Decimal('0.1') * 3) + zoneinfo.ZoneInfo('UTC').key", None, "0.3UTC"),
    "tempfile": ("import tempfile\ndef handler(event):\n    with tempfile.NamedTemporaryFile() as f:\n        return f.name[:5]", None, "/tmp/"),
    "random differs": ("import random, uuid, secrets\ndef handler(event): return len({random.random(), uuid.uuid4(), secrets.token_hex()})",
                       None, 3),
    "urllib without a network": ("import urllib.request\ndef handler(event):\n    try: urllib.request.urlopen('http://192.0.2.1/', timeout=2)\n"
                                 "    except OSError as e: return 'refused'", None, "refused"),
    "ctypes": ("import ctypes\ndef handler(event): return ctypes.CDLL(None).getpid()", None, 1),
    "big integers": ("def handler(event): return event * event", 10**30, 10**60),
    "locale and text": ("import sys, os\ndef handler(event): return [sys.getdefaultencoding(), sys.stdout.encoding, os.fsencode('ü').hex()]",
                        None, ["utf-8", "utf-8", "c3bc"]),
}


@pytest.mark.parametrize("what", PYTHON)
def test_python_can(shared, what):
    code, event, expected = PYTHON[what]
    fn = shared.create(code, limits={"timeout_ms": 10000})
    result = shared.call(fn, event)
    assert result["success"] and result["output"] == expected, result


def test_two_copies_do_not_draw_the_same_random_numbers(shared):
    fn = shared.create("import random\ndef handler(event): return random.random()", reuse="never")
    assert len({shared.call(fn)["output"] for _ in range(8)}) == 8


@pytest.mark.parametrize("code", [
    "def handler(event): raise ValueError('\\ud800')", "def handler(event): raise ValueError('\\0')",
    "def handler(event): raise ValueError(b'\\xff')", "def handler(event): print('\\ud800')",
    "import os\ndef handler(event):\n    os.write(1, bytes(range(256)))\n    os.write(2, b'\\xc3')\n    raise ValueError('x' * 100000)",
    "class E(Exception):\n    def __str__(self): raise E\ndef handler(event): raise E",
    "def handler(event): return '\\ud800'", "def handler(event): return {'\\0': '\\udfff', 1: float('inf')}",
    "import sys\ndef handler(event): sys.exit('bye')", "def handler(event): raise KeyboardInterrupt", "def handler(event): raise SystemExit",
    "def handler(): pass", "def handler(a, b, c): pass", "class handler: pass", "import sys\nsys.exit(0)\ndef handler(e): pass",
])
def test_odd_ends_still_give_a_readable_answer_and_record(shared, code):
    fn = shared.create(code)
    result = shared.call(fn)
    assert result["status"] in ("success", "error", "crashed"), result
    assert result["success"] or result["error"]
    record = shared.records(fn)[0]
    assert record["status"] == result["status"] and record["error"] == result.get("error")
