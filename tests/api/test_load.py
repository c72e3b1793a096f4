"""POST /api/functions/:id/load: the code is loaded without a call, and where it fails is said as facts."""

import os
import threading

import pytest
from test_gateway import far_from_midnight
from test_streams import stream
from virga import Server, until

HELD = "import time\ndef handler(event):\n    yield 'held'\n    time.sleep(event)"


def load(server, function, status=200, key=True):
    reply = server.request("POST", f"/api/functions/{function['id']}/load", key=key)
    assert reply.status == status, (reply.status, reply.body)
    return reply.json


def place(result):
    """"file:line:column", and the kind of error."""
    problem = result["problem"]
    return problem and (f"{problem['file']}:{problem['line']}:{problem['column']}", problem["type"])


def deploy(server, files, **query):
    reply = server.deploy({name: text.encode() for name, text in files.items()}, f"f{os.urandom(4).hex()}", **query)
    assert reply.status == 200, reply.body
    return reply.json


@pytest.fixture(params=["python", "nodejs"])
def fine(request, shared):
    """A function that prints while it is loaded."""
    code = {"python": "print('loading')\ndef handler(event):\n    print('called')\n    return event",
            "nodejs": "console.log('loading');\nexports.handler = (event) => { console.log('called'); return event; };"}
    return shared.create(code[request.param], runtime=request.param)


def test_a_load_spares_the_first_call_its_cold_start_and_leaves_no_record(shared, fine):
    result = load(shared, fine)
    assert result["loaded"] and result["cold"] and result["version"] == 1
    assert result["error"] is result["traceback"] is result["problem"] is None
    assert (result["stdout"], result["stderr"]) == ("loading\n", "")
    assert sum(result["phases"].values()) == result["duration_us"] and result["phases"]["handler_us"] == 0
    first = shared.call(fine, 7)
    assert not first["cold_start"] and first["stdout"] == "called\n"
    until(lambda: shared.records(fine), "the call is recorded")
    assert [r["id"] for r in shared.records(fine)] == [first["invocation_id"]]
    assert shared.request("GET", f"/api/functions/{fine['id']}/stats").json["total"]["calls"] == 1


def test_a_slot_that_is_ready_is_enough(shared, fine):
    shared.call(fine)
    result = load(shared, fine)
    assert result["loaded"] and not result["cold"] and result["stdout"] == ""
    assert not shared.call(fine)["cold_start"]


def test_each_save_is_loaded_anew(shared):
    fn = shared.create("def handler(event): return 1")
    assert load(shared, fn)["version"] == 1
    shared.request("PUT", f"/api/functions/{fn['id']}", {"code": "def handler(event):\n  return (2"})
    result = load(shared, fn)
    assert not result["loaded"] and result["version"] == 2 and place(result) == ("main.py:2:10", "SyntaxError")
    shared.request("PUT", f"/api/functions/{fn['id']}", {"code": "def handler(event): return 3"})
    assert load(shared, fn)["loaded"] and shared.call(fn)["output"] == 3


@pytest.mark.parametrize("files, where, kind", [
    ({"main.py": "def handler(event):\n    return (1\n"}, "main.py:2:12", "SyntaxError"),
    ({"main.py": "def handler(event):\nreturn 1\n"}, "main.py:2:1", "IndentationError"),
    ({"main.py": "import json\nimport nowhere\n"}, "main.py:2:1", "ModuleNotFoundError"),
    ({"main.py": "from lib import db\n", "lib/db.py": "x = 1\ny = = 2\n"}, "lib/db.py:2:5", "SyntaxError"),
    ({"main.py": "from lib import db\n", "lib/db.py": "é = 'ü'; [][1]\n"}, "lib/db.py:1:10", "IndexError"),
    ({"main.py": "def other(event): pass\n"}, "main.py:1:None", "HandlerError"),
    ({"main.py": "import sys\nsys.exit(3)\n"}, "main.py:2:1", "SystemExit"),
], ids=["syntax", "indentation", "import", "second file", "second file raises", "no handler", "exit"])
def test_python_that_does_not_load_says_where(shared, files, where, kind):
    result = load(shared, deploy(shared, files, runtime="python"))
    assert kind == "ModuleNotFoundError" or result["problem"]["module"] is result["problem"]["package"] is None
    assert not result["loaded"] and place(result) == (where, kind), result
    assert result["error"] == f"{kind}: {result['problem']['message']}"


@pytest.mark.parametrize("files, where, kind", [
    ({"index.js": "const a = 1;\n\tlet = = 3;\n"}, "index.js:2:8", "SyntaxError"),
    ({"index.mjs": "export const a = 1;\nlet b = = 3;\n"}, "index.mjs:2:9", "SyntaxError"),
    ({"index.js": "export const a = 1;\nlet b = = 3;\n"}, "index.js:2:9", "SyntaxError"),
    ({"index.js": "\nrequire('nowhere');\n"}, "index.js:2:1", "Error"),
    ({"index.mjs": "import fs from 'fs';\nimport a from './nowhere.mjs';\n"}, "index.mjs:2:1", "Error"),
    ({"index.js": "require('./lib/db');\n", "lib/db.js": "\nfoo(;\n"}, "lib/db.js:2:5", "SyntaxError"),
    ({"index.mjs": "import './lib/db.mjs';\n", "lib/db.mjs": "\nfoo(;\n"}, "lib/db.mjs:2:5", "SyntaxError"),
    ({"index.mjs": "\nimport { b } from './a.mjs';\n", "a.mjs": "export const a = 1;"}, "index.mjs:2:10", "SyntaxError"),
    ({"index.js": "require('./lib');\n", "lib/index.js": "\n  null.x;\n"}, "lib/index.js:2:8", "TypeError"),
    ({"index.js": "exports.other = 1;\n"}, "index.js:1:None", "HandlerError"),
], ids=["syntax", "syntax esm", "syntax lone esm", "import", "import esm", "second file", "second file esm", "no export",
        "second file raises", "no handler"])
def test_javascript_that_does_not_load_says_where(shared, files, where, kind):
    result = load(shared, deploy(shared, files, runtime="nodejs"))
    assert not result["loaded"] and place(result) == (where, kind), result
    assert result["error"] == f"{kind}: {result['problem']['message']}"


@pytest.mark.parametrize("runtime, code, where, kind", [
    ("python", "def handler(event):\n    return event['name']\n", "main.py:2:12", "KeyError"),
    ("nodejs", "exports.handler = async (event) => {\n  event.a.b();\n};\n", "index.js:2:11", "TypeError"),
])
def test_a_call_that_raises_says_where_to_members_only(shared, runtime, code, where, kind):
    fn = shared.create(code, runtime=runtime)
    assert load(shared, fn)["loaded"]
    result = shared.call(fn, {})
    assert not result["success"] and place(result) == (where, kind)
    stranger = shared.invoke(fn, {}, key=False).json
    assert not stranger["success"] and "problem" not in stranger and "traceback" not in stranger


@pytest.mark.parametrize("runtime, code", [
    ("python", "def handler(event):\n    raise ValueError('half \\udcff')\n"),
    ("nodejs", "exports.handler = () => {\n  throw new RangeError('half \\udcff'); };\n"),
])
def test_a_message_that_is_no_text_is_still_reported(shared, runtime, code):
    result = shared.call(shared.create(code, runtime=runtime))
    assert result["status"] == "error" and "half" in result["problem"]["message"] and result["problem"]["line"] == 2


def test_a_result_that_is_no_json_has_no_place(shared):
    assert "problem" not in shared.call(shared.create("def handler(event): return {1}"))


def test_a_guest_cannot_say_where_outside_of_its_code(shared):
    fn = shared.create("class E(Exception): pass\n"
                       "def handler(event):\n    exec(compile('raise E()', '/code/../etc/passwd', 'exec'))\n")
    result = shared.call(fn)
    assert result["status"] == "error" and "problem" not in result


def test_a_module_that_never_ends_is_ended_at_the_timeout(shared):
    fn = shared.create("import time\nprint('so far', flush=True)\nwhile True: time.sleep(1)", limits={"timeout_ms": 3000})
    result = load(shared, fn)
    assert not result["loaded"] and "timeout_ms = 3000" in result["error"]
    assert result["problem"] is None and result["stdout"] == "so far\n"
    assert result["phases"]["load_us"] >= 2_900_000


@pytest.mark.parametrize("runtime, code, words", [
    ("python", "import os\nos._exit(3)", "exited with status 3"),
    ("nodejs", "process.exit(3)", "process.exit(3)"),
    ("nodejs", "process.reallyExit(3)", "exited with status 3"),
])
def test_a_module_that_ends_the_process_is_not_loaded(shared, runtime, code, words):
    result = load(shared, shared.create(code, runtime=runtime))
    assert not result["loaded"] and result["problem"] is None and words in result["error"]


def test_a_bootstrap_is_loaded_when_it_asks_for_work(shared):
    loop = b"""#!/usr/bin/python3
import json, os, urllib.request
print("up", flush=True)
base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(base + "next") as event:
        name = event.headers["Lambda-Runtime-Aws-Request-Id"]
    urllib.request.urlopen(urllib.request.Request(base + name + "/response", b"1", method="POST")).close()
"""
    fn = shared.deploy({"bootstrap": (loop, 0o755)}, f"f{os.urandom(4).hex()}", runtime="provided").json
    result = load(shared, fn)
    assert result["loaded"] and result["stdout"] == "up\n"
    call = shared.call(fn)
    assert call["output"] == 1 and not call["cold_start"]
    broken = shared.deploy({"bootstrap": (b"#!/nowhere\n", 0o755)}, f"f{os.urandom(4).hex()}", runtime="provided").json
    result = load(shared, broken)
    assert not result["loaded"] and "interpreter" in result["error"] and result["problem"] is None


def test_with_reuse_never_the_call_gets_a_slot_of_its_own(shared):
    fn = shared.create("n = 0\ndef handler(event):\n    global n\n    n += 1\n    return n", reuse="never")
    assert load(shared, fn)["cold"] and load(shared, fn)["cold"]
    assert [(r["output"], r["cold_start"]) for r in (shared.call(fn), shared.call(fn))] == [(1, True), (1, True)]


def test_refusals_are_those_of_a_call(shared):
    fn = shared.create("def handler(event): return 1")
    path = f"/api/functions/{fn['id']}"
    assert shared.request("PUT", path, {"status": "inactive"}).status == 200
    call = shared.invoke(fn)
    assert load(shared, fn, call.status) == call.json
    assert shared.request("POST", "/api/functions/" + "0" * 24 + "/load").status == 404
    assert load(shared, fn, 401, key=False)["detail"]


def test_with_all_places_taken_a_load_waits_its_turn_or_is_refused(shared):
    fn = shared.create(HELD, concurrency=1, queue=1)
    shared.call(fn, 0)
    first, second = stream(shared, fn, 20), threading.Thread(target=shared.call, args=(fn, 1))
    assert next(first)[0] == "open", "it runs, until its caller leaves"
    second.start()
    until(lambda: shared.metric("virga_calls_waiting") == 1, "the second one waits")
    assert "concurrency = 1" in load(shared, fn, 429)["detail"]
    first.close()
    until(lambda: shared.metric("virga_calls_waiting") == 0, "the second one runs")
    result = load(shared, fn)
    assert result["loaded"] and not result["cold"]
    second.join()


def test_a_load_takes_of_no_rate_and_no_quota_but_needs_one_left(tmp_path):
    far_from_midnight()
    with Server(tmp_path) as server:
        fn = server.create("def handler(event): return 1", rate_limit=1)
        for _ in range(4):
            assert load(server, fn)["loaded"]
        assert server.call(fn)["output"] == 1 and server.invoke(fn).status == 429 and load(server, fn)["loaded"]
        other = server.create("def handler(event): return 1")
    with Server(tmp_path, "--quota-calls", "2") as server:
        for _ in range(3):
            assert load(server, other)["loaded"]
        server.call(other)
        for refused in (server.invoke(other), server.request("POST", f"/api/functions/{other['id']}/load")):
            assert refused.status == 429 and "quota of 2 calls a day" in refused.json["detail"]
            assert 0 < int(refused.headers["Retry-After"]) <= 86400


def test_viewers_may_not_load_and_editors_may_by_name(tmp_path):
    with Server(tmp_path, "--registration", "open") as server:
        def account(name):
            reply = server.request("POST", "/api/register", {"name": name, "password": "correct horse battery"}, key=False)
            return reply.json["token"], reply.json["account"]["id"]
        project = server.request("POST", "/api/projects", {"name": "p"}).json
        fn = server.create("def handler(event): return 1", name="by-name", project_id=project["id"])
        keys = {}
        for role in ("viewer", "editor"):
            keys[role], member = account(f"the-{role}")
            assert server.request("PUT", f"/api/projects/{project['id']}/members/{member}", {"role": role}).status == 200
        load(server, fn, 403, key=keys["viewer"])
        load(server, fn, 404, key=account("stranger")[0])
        assert load(server, {"id": "by-name"}, key=keys["editor"])["loaded"]
