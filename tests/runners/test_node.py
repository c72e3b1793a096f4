"""The JavaScript runner, spoken to as the server does. BUILD in the environment names the build."""

import os
import pathlib

import pytest

from frames import CALL, CHUNK, FAILED, LOADED, READY, RESULT, STREAM, Runner, encode_call, encode_load

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
NODE = "/usr/bin/node"
RUNNER = BUILD / "runners/node/runner.cjs"
FLAGS = ["--max-semi-space-size=4", "--heap-growing-percent=50", "--v8-pool-size=1"]  # node.c

pytestmark = pytest.mark.skipif(not os.path.exists(NODE), reason="needs nodejs")


@pytest.fixture
def node(tmp_path):
    """A blank runner whose /code is a directory of this test."""
    argv = [NODE, *FLAGS, str(RUNNER), "--direct", str(tmp_path)]
    with Runner(argv, env={"PATH": "/usr/bin:/bin", "SECRET": "of the host"},
                entry="index.js", handler="index.handler") as runner:
        yield runner


# Forms of code


@pytest.mark.parametrize("code", [
    "exports.handler = (event) => ({ ok: event });",
    "exports.handler = async (event) => ({ ok: event });",
    "module.exports = (event) => ({ ok: event });",
    "module.exports = { handler: (event) => ({ ok: event }) };",
    "exports.handler = (event, context, callback) => { setImmediate(callback, null, { ok: event }); };",
    "exports.handler = (event, context, callback) => callback(null, { ok: event });",
    "exports.handler = async (event, context, callback) => ({ ok: event });",
    "export const handler = async (event) => ({ ok: event });",
    "export default (event) => ({ ok: event });",
    "export default { handler: (event) => ({ ok: event }) };",
    "import fs from 'node:fs';\nexport function handler(event) { return { ok: event }; }",
    "const word = await Promise.resolve('ok'); export const handler = (event) => ({ [word]: event });",
    "// import nothing from 'nowhere'\nexports.handler = (event) => ({ ok: event });",
])
def test_a_single_file_may_be_written_either_way(node, code):
    node.load(code)
    assert node.call({"a": [1, "ä"]}) == {"ok": {"a": [1, "ä"]}}
    assert node.stderr() == b""


@pytest.mark.parametrize("name, code", [
    ("index.mjs", "export const handler = () => import.meta.url.split('/').pop();"),
    ("index.cjs", "exports.handler = () => __filename.split('/').pop();"),
])
def test_the_extension_decides(node, name, code):
    assert node.load({name: code}).call() == name


def test_the_type_in_package_json_is_honoured(node):
    node.load({"package.json": '{"type": "module"}', "lib/a.js": "export const a = 7;",
               "index.js": "import { a } from './lib/a.js'; export const handler = () => a;"})
    assert node.call() == 7


def test_a_package_json_without_type_does_not_stop_module_syntax(node):
    node.load({"package.json": '{"name": "x"}', "index.js": "export const handler = () => 1;"})
    assert node.call() == 1


def test_modules_of_node_modules_are_found(node):
    node.load({"node_modules/left/index.js": "module.exports = 'found';",
               "index.js": "const left = require('left'); exports.handler = () => left;"})
    assert node.call() == "found"


def test_files_keep_their_mode_and_the_code_is_the_current_directory(node):
    node.load({"bin/tool": ("#!/bin/sh\necho hi", 0o755), "index.js":
               "exports.handler = () => require('child_process').execFileSync('./bin/tool') + '';"})
    assert node.call() == "hi\n"


def test_a_handler_may_lie_deeper(node):
    node.load({"src/app.js": "exports.api = { n: 5, get() { return this.n; } };"},
              handler="src/app.api.get")
    assert node.call() == 5


# Loads that fail


@pytest.mark.parametrize("code, words", [
    ("exports.a = 1; exports.b = 2;", ["index.js", "'handler'", "a, b"]),
    ("export const main = 1;", ["index.js", "'handler'", "main"]),
    ("", ["nothing"]),
    ("const x = 1;\nlet = = 3;", ["index.js:2"]),
    ("export const a = 1;\nlet = = 3;", ["index.js:2"]),
    ("require('nowhere')", ["Cannot find module 'nowhere'"]),
    ("import 'nowhere'; export const handler = 1;", ["Cannot find package 'nowhere'"]),
    ("throw new RangeError('at start')", ["at start"]),
    ("await new Promise(() => {}); export const handler = 1;", ["event loop is empty"]),
    ("process.exit(4)", ["process.exit(4) called"]),
])
def test_code_that_does_not_load_says_why(node, code, words):
    failed = node.load_fails(code)
    for word in words:
        assert word in failed.message
    assert "runners/node" not in failed.message + failed.traceback


@pytest.mark.parametrize("code, place", [
    ("const a = 1;\n\tlet = = 3;\n", ("index.js", 2, 8)),
    ({"index.mjs": "let b = = 3;\n"}, ("index.mjs", 1, 9)),
    ("export const a = 1;\nlet b = = 3;\n", ("index.js", 2, 9)),
    ("let x;\n  require('nowhere');\n", ("index.js", 2, 3)),
    ({"index.mjs": "// its imports\n  import a from 'nowhere';\n"}, ("index.mjs", 2, 3)),
    ({"index.mjs": "import './lib/a.mjs';\n", "lib/a.mjs": "\nimport './b.mjs';\n"}, ("lib/a.mjs", 2, 1)),
    ({"index.js": "require('./lib/db');\n", "lib/db.js": "\nfoo(;\n"}, ("lib/db.js", 2, 5)),
    ({"index.mjs": "import './lib/db.mjs';\n", "lib/db.mjs": "\nfoo(;\n"}, ("lib/db.mjs", 2, 5)),
    ({"index.mjs": "import { b } from './a.mjs';\n", "a.mjs": "export const a = 1;"}, ("index.mjs", 1, 10)),
    ({"index.js": "require('./a b');\n", "a b.js": "  null.x;\n"}, ("a b.js", 1, 8)),
    ({"index.mjs": "import './a b.mjs';\n", "a b.mjs": "  null.x;\n"}, ("a b.mjs", 1, 8)),
    ("require('./x.json')", ("index.js", 1, 1)),
    ("exports.a = 1;\n", ("index.js", 1, None)),
    ({"main.js": ""}, None),
    ("process.exit(3)", None),
    ("throw 'a text'", None),
], ids=lambda v: None)
def test_a_load_that_fails_says_where(node, code, place):
    assert node.load_fails(code).place == place


@pytest.mark.parametrize("body, place", [
    ("event.a.b();", ("index.js", 2, 11)),
    ("JSON.parse('{');", ("index.js", 2, 8)),
    ("await null; inner();", ("index.js", 4, 29)),
    ("eval('1 +* 2');", ("index.js", 2, 3)),
    ("return { x: 1n };", None),
    ("throw { stack: 7 };", None),
    ("const e = new Error(); Object.defineProperty(e, 'stack', { get() { throw 1; } }); throw e;", None),
    ("const e = new Error(); e.stack = '/etc/passwd:1\\nroot\\n^\\n'; throw e;", None),
])
def test_a_call_that_fails_says_where(node, body, place):
    node.load(f"exports.handler = async (event) => {{\n  {body}\n}};\nconst inner = () => {{ throw new Error('in'); }};\n")
    assert node.call_fails({}).place == place


@pytest.mark.parametrize("body, offline", [
    ("throw Object.assign(new Error('x'), { code: 'ENETUNREACH' });", True), ("throw Object.assign(new Error('x'), { code: 'EAI_AGAIN' });", True),
    ("throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ENETUNREACH' }) });", True),
    ("throw Object.assign(new Error('x'), { code: 'ECONNREFUSED' });", None), ("throw { get code() { throw 1; } };", None), ("throw null;", None),
    ("const e = new Error('x'); e.cause = e; throw e;", None),
])
def test_a_failure_for_want_of_network_is_told(node, body, offline):
    node.load(f"exports.handler = () => {{ {body} }};")
    assert node.call_fails({}).frame.json.get("offline") is offline


def test_a_missing_file_names_what_there_is(node):
    failed = node.load_fails({"main.js": ""})
    assert "index.js" in failed.message and "main.js" in failed.message


@pytest.mark.parametrize("handler", ["handler", "index.", ".handler", ""])
def test_a_malformed_handler_is_refused(node, handler):
    node.expect(READY)
    node.send_bytes(encode_load({"index.js": ""}, handler))
    assert node.expect(FAILED).fatal


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x", "a//b", "./x"])
def test_a_path_that_leaves_the_code_directory_is_refused(node, path):
    assert "not allowed" in node.load_fails({path: "", "index.js": ""}).message


def test_calls_after_a_failed_load_are_ignored(node):
    node.expect(READY)
    node.send_bytes(encode_load({"index.js": "!"}, "index.handler") + encode_call(1))
    assert node.expect(FAILED).fatal
    node.socket.shutdown(1)
    node.wait_closed()


def test_a_call_may_follow_the_load_at_once(node):
    node.expect(READY)
    code = "await new Promise((r) => setTimeout(r, 5)); export const handler = (e) => e;"
    node.send_bytes(encode_load({"index.js": code}, "index.handler") + encode_call("early"))
    node.expect(LOADED)
    assert node.expect(RESULT).json == "early"


def test_frames_may_arrive_byte_by_byte(node):
    node.expect(READY)
    code = {"index.js": "exports.handler = (e) => e;"}
    for byte in encode_load(code, "index.handler") + encode_call({"slow": True}):
        node.send_bytes(bytes([byte]))
    node.expect(LOADED)
    assert node.expect(RESULT).json == {"slow": True}


# Results


@pytest.mark.parametrize("value, expected", [
    ("undefined", None), ("null", None), ("NaN", None), ("0", 0), ("''", ""), ("[undefined]", [None]),
    ("'\\ud800'", "\ud800"), ("new Date(0)", "1970-01-01T00:00:00.000Z"),
    ("Object.create({ a: 1 })", {}), ("({ then: 1 })", {"then": 1}),
])
def test_results_are_what_json_makes_of_them(node, value, expected):
    node.load(f"exports.handler = () => {value};")
    assert node.call() == expected


@pytest.mark.parametrize("value, words", [
    ("() => 1", ["function"]), ("Symbol('x')", ["symbol"]), ("10n", ["bigint", "BigInt"]),
    ("({ n: 10n })", ["Object", "BigInt"]), ("(() => { const a = {}; a.a = a; return a; })()", ["circular"]),
    ("({ toJSON() { throw new Error('no'); } })", ["no"]), ("({ toJSON() {} })", ["Object"]),
    ("({ get then() { throw new Error('trap'); } })", ["trap"]),
])
def test_a_result_that_is_not_json_fails_and_names_its_type(node, value, words):
    node.load(f"let n = 0; exports.handler = () => n++ ? n : {value};")
    failed = node.call_fails()
    assert not failed.fatal
    for word in words:
        assert word in failed.message
    assert node.call() == 2


def test_a_result_above_the_limit_fails_and_the_next_one_is_served(node):
    node.load("exports.handler = (n) => 'ä'.repeat(n);", result_limit=1000)
    assert node.call(499) == "ä" * 499
    for n in (500, 200000):
        failed = node.call_fails(n)
        assert "1000" in failed.message and str(2 * n + 2) in failed.message and not failed.fatal
    assert node.call(1) == "ä"


def test_large_events_and_results_pass_whole(node):
    node.load("exports.handler = (e) => e;", result_limit=32 << 20)
    event = {"text": "xä€\U0001f600" * 500_000}
    assert node.call(event) == event


# Results in pieces, and bytes

GENERATOR = "{ yield 'é'; yield Buffer.from([255]); yield ''; yield { n: [1] }; yield null; }"
PIECES = ["é".encode(), b"\xff", b'{"n":[1]}\n', b"null\n"]


@pytest.mark.parametrize("code", [
    f"exports.handler = function* () {GENERATOR};",
    f"exports.handler = async function* () {GENERATOR};",
    f"function* g() {GENERATOR}; exports.handler = () => g();",
    f"async function* g() {GENERATOR}; exports.handler = async () => g();",
    f"function* g() {GENERATOR}; exports.handler = (e, c, done) => {{ done(null, g()); }};",
    "exports.handler = () => ['é', Buffer.from([255]), '', { n: [1] }, null].values();",
    "const { Readable } = require('stream'); exports.handler = () =>"
    " Readable.from(['é', new Uint8Array([255]), { n: [1] }]);",
    "exports.handler = () => new ReadableStream({ start(c) {"
    " for (const p of ['é', new Uint8Array([255]), { n: [1] }, null]) c.enqueue(p); c.close(); } });",
])
def test_what_a_generator_yields_goes_out_in_pieces(node, code):
    node.load(code)
    for _ in range(2):
        opening, chunks, end = node.stream({})
        assert opening == {} and chunks == PIECES[:len(chunks)] and len(chunks) >= 3
        assert (end.type, end.payload) == (RESULT, b"")


def test_each_piece_leaves_before_the_next_one_is_made(node, tmp_path):
    os.mkfifo(tmp_path / "go")
    node.load("const fs = require('fs'); exports.handler = async function* () {"
              " for (let i = 0; i < 3; i++) { console.log('piece', i); yield String(i);"
              " await fs.promises.readFile('go'); } };")
    node.send_call()
    node.answer(STREAM)
    for i in range(3):
        assert node.answer(CHUNK).payload == b"%d" % i
        assert node.stdout() == b"piece %d\n" % i
        (tmp_path / "go").write_bytes(b"go")
    node.answer(RESULT)


@pytest.mark.parametrize("first, opening, chunks", [
    ("{ statusCode: 201, headers: { A: 'é' } }", {"statusCode": 201, "headers": {"A": "é"}}, [b"x"]),
    ("{ statusCode: 204 }", {"statusCode": 204}, [b"x"]),
    ("{ headers: {} }", {"headers": {}}, [b"x"]),
    ("{ headers: 1, more: 2 }", {}, [b'{"headers":1,"more":2}\n', b"x"]),
])
def test_a_first_object_with_a_status_opens_the_stream(node, first, opening, chunks):
    node.load("exports.handler = function* () { yield " + first + "; yield 'x'; };")
    assert node.stream({})[:2] == (opening, chunks)


def test_the_body_of_a_response_may_come_in_pieces(node):
    node.load("exports.handler = async () => ({ statusCode: 201, headers: { A: 'b' },"
              " body: (async function* () { yield 'a'; yield 'b'; })() });")
    opening, chunks, end = node.stream()
    assert opening == {"statusCode": 201, "headers": {"A": "b"}} and chunks == [b"a", b"b"]
    assert end.type == RESULT


def test_a_stream_may_be_empty(node):
    node.load("exports.handler = function* () {};")
    opening, chunks, end = node.stream()
    assert (opening, chunks, end.payload) == ({}, [], b"")


def test_large_pieces_are_cut_and_a_slow_reader_makes_the_source_wait(node):
    node.load("let made = 0; exports.handler = async function* (e) { if (e) { yield String(made); return; }"
              " for (let i = 0; i < 40; i++) { made++; yield Buffer.alloc(1 << 20, 'x'); } };", result_limit=100)
    node.send_call(0)
    node.answer(STREAM)
    first = len(node.answer(CHUNK).payload)
    assert first < 1 << 20
    total = first
    while total < 40 << 20:
        total += len(node.answer(CHUNK).payload)
    node.answer(RESULT)
    assert node.stream(1)[1] == [b"40"]


def test_an_exception_in_mid_stream_fails_the_call_and_the_next_one_is_served(node):
    node.load("exports.handler = async function* (e) { console.log('log'); if (e === 2) throw new Error('early');"
              " yield 'a'; if (e) throw new RangeError('no'); };")
    opening, chunks, end = node.stream(1)
    assert chunks == [b"a"] and end.type == FAILED and not end.fatal and end.json["type"] == "RangeError"
    assert node.stdout() == b"log\n"
    assert node.stream(2)[0] is None  # it failed before anything went out
    assert node.stream(0)[1] == [b"a"]


@pytest.mark.parametrize("piece, message", [
    ("() => 1", "function"), ("10n", "BigInt"),
    ("{ statusCode: 200, headers: { a: 'x'.repeat(40000) } }", "limit is 32768"),
])
def test_a_piece_that_cannot_be_sent_fails_the_call_and_closes_the_generator(node, piece, message):
    node.load("exports.handler = function* () { try { yield " + piece + "; } finally { console.log('closed'); } };")
    end = node.stream()[2]
    assert end.type == FAILED and message in end.json["message"]
    assert node.stdout() == b"closed\n"


def test_a_stream_that_can_never_go_on_fails_at_once(node):
    node.load("exports.handler = async function* (e) { yield 'a'; if (!e) await new Promise(() => {}); };")
    end = node.stream()[2]
    assert "event loop is empty" in end.json["message"]
    assert node.stream(1)[1] == [b"a"]


def test_what_ends_the_process_in_mid_stream_fails_the_call(node):
    node.load("exports.handler = async function* () { yield 'a'; setImmediate(() => { throw new Error('later'); });"
              " await new Promise((r) => setTimeout(r, 1e6)); };")
    opening, chunks, end = node.stream()
    assert chunks == [b"a"] and end.fatal and "later" in end.json["message"]
    node.wait_closed()


def test_a_second_answer_does_not_cut_into_a_stream(node):
    node.load("exports.handler = (e, c, done) => { done(null, (async function* () { yield 'a'; done(null, 1);"
              " yield 'b'; })()); };")
    assert node.stream()[1] == [b"a", b"b"]


@pytest.mark.parametrize("value, expected", [
    ("Buffer.from([255])", {"isBase64Encoded": True, "body": "/w=="}),
    ("new Uint8Array([0, 255]).subarray(1)", {"isBase64Encoded": True, "body": "/w=="}),
    ("({ statusCode: 200, headers: { A: 'b' }, body: Buffer.from([255]) })",
     {"statusCode": 200, "headers": {"A": "b"}, "body": "/w==", "isBase64Encoded": True}),
])
def test_bytes_become_base64(node, value, expected):
    node.load(f"exports.handler = () => {value};")
    assert node.call() == expected


# Exceptions


def test_an_exception_shows_type_message_and_only_the_users_frames(node):
    node.load("class Broke extends Error {}\nfunction inner() { throw new Broke('here'); }\n"
              "exports.handler = async (e) => { await null; inner(); };")
    failed = node.call_fails()
    assert (failed.type, failed.message, failed.fatal) == ("Broke", "here", False)
    assert "at inner" in failed.traceback and "index.js:2" in failed.traceback
    assert "runner" not in failed.traceback.replace("tests/runners", "")
    assert "node:internal" not in failed.traceback


def test_the_cause_of_an_exception_is_shown(node):
    node.load("exports.handler = () => { throw new Error('outer', { cause: new TypeError('deep') }); };")
    assert "caused by: TypeError: deep" in node.call_fails().traceback


@pytest.mark.parametrize("thrown, kind, message", [
    ("'text'", "string", "text"), ("null", "object", "null"), ("undefined", "undefined", "undefined"),
    ("5n", "bigint", "5"), ("({ code: 7 })", "Object", "{ code: 7 }"), ("Symbol('s')", "symbol", "Symbol(s)"),
])
def test_anything_can_be_thrown(node, thrown, kind, message):
    node.load(f"exports.handler = () => {{ throw {thrown}; }};")
    failed = node.call_fails()
    assert (failed.type, failed.message, failed.fatal) == (kind, message, False)


def test_an_exception_that_cannot_be_read_is_still_reported(node):
    node.load("exports.handler = () => { throw new Proxy({}, { get() { throw 1; } }); };")
    assert "cannot be read" in node.call_fails().message


def test_a_callback_with_an_error_fails_the_call(node):
    node.load("exports.handler = (e, c, done) => { done(new RangeError('out')); done(null, 1); };")
    assert node.call_fails().type == "RangeError"
    assert node.call_fails().message == "out"


@pytest.mark.parametrize("code, message", [
    ("setImmediate(() => { throw new Error('later'); }); return new Promise(() => setTimeout(() => {}, 1e6))", "later"),
    ("Promise.reject(new Error('floating')); return new Promise(() => setTimeout(() => {}, 1e6))", "floating"),
    ("process.exit(3)", "process.exit(3) called"),
])
def test_what_ends_the_process_during_a_call_fails_it(node, code, message):
    node.load("exports.handler = () => { " + code + " };")
    failed = node.call_fails()
    assert failed.fatal and message in failed.message
    node.wait_closed()


def test_an_exception_between_calls_ends_the_runner(node):
    node.load("exports.handler = () => { setTimeout(() => { throw new Error('late'); }, 1); };")
    assert node.call() is None
    node.wait_closed()
    assert node.wait() == 1
    assert b"late" in node.stderr()


def test_a_promise_that_can_never_settle_fails_at_once(node):
    node.load("exports.handler = (e) => e ? 'fine' : new Promise(() => {});")
    failed = node.call_fails()
    assert "event loop is empty" in failed.message and not failed.fatal
    assert node.call(1) == "fine"


# Output


def test_output_is_in_the_pipes_before_the_result(node):
    node.load("exports.handler = () => { console.log('out %d', 1); process.stdout.write('raw');"
              " console.error('err'); };")
    for _ in range(50):
        node.call()
        assert node.stdout() == b"out 1\nraw"
        assert node.stderr() == b"err\n"


def test_nothing_is_lost_when_the_pipe_is_full(node):
    node.load("exports.handler = () => { for (let i = 0; i < 20000; i++) console.log('line', i); };")
    node.send(CALL, encode_call(None)[8:])
    seen = b""
    while not seen.endswith(b"line 19999\n"):
        seen += node.stdout()
    node.expect(RESULT)
    assert seen == b"".join(b"line %d\n" % i for i in range(20000))


def test_children_share_the_output_and_do_not_inherit_the_socket(node):
    script = "readlink /proc/$$/fd/1; readlink /proc/$$/fd/3 || echo nothing"
    node.load("exports.handler = (script) => { require('child_process').spawnSync('sh', ['-c', script],"
              " { stdio: 'inherit' }); };")
    node.call(script)
    pipe, socket = node.stdout().decode().split()
    assert pipe.startswith("pipe:") and not socket.startswith("socket:")


# Surroundings


def test_the_environment_is_the_settings_and_nothing_of_the_host(node):
    node.load("exports.handler = () => process.env;", environment={"A": "1", "HOME": "/mine", "Ü": "ö"})
    env = node.call()
    assert env["A"] == "1" and env["HOME"] == "/mine" and env["Ü"] == "ö"
    assert "SECRET" not in env and "WARM" not in env


def test_the_context_says_who_and_how_long(node):
    node.load("exports.handler = (e, c) => [c, c.getRemainingTimeInMillis()];", function="name", version=7)
    context, left = node.call(deadline_ms=90000, call_id="id-1")
    assert context == {"functionName": "name", "functionVersion": "7", "callId": "id-1",
                       "awsRequestId": "id-1", "runtime": "nodejs"}
    assert 0 < left <= 90000
    assert node.call(deadline_ms=-10)[1] == 0


def test_state_and_timers_live_on_between_calls(node):
    node.load("let n = 0; exports.handler = (e) => { if (e) setTimeout(() => { n++; console.log('ticked'); }, 1);"
              " return n; };")
    assert node.call(1) == 0
    seen = b""
    while seen != b"ticked\n":
        seen += node.stdout()
    assert node.call() == 1


def test_code_is_not_the_main_module(node):
    node.load("exports.handler = () => [require.main === module, process.argv[1].endsWith('index.js')];")
    assert node.call() == [False, True]


def test_the_runner_ends_with_its_socket(node):
    node.load("exports.handler = () => setInterval(() => {}, 10) && 1;")
    node.call()
    node.socket.shutdown(1)
    assert node.wait() == 0


def test_the_example_greets(node):
    node.load((ROOT / "examples/node/index.js").read_text())
    assert node.call({"name": "you"}) == {"greeting": "hello, you"}
    assert node.stdout().startswith(b"greeting you, ")
