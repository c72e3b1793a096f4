"""What a call gives back, and what is written down of it."""

import json
import re
import signal
import time

import pytest
from live import Events, Live, Socket
from virga import Server, until

EVENTS = [None, True, 0, -1, 1.5, 10**40, "", "text", "ünïcödé \U0001f600", "\u0000", [], {}, [[[]]],
          {"a": [1, {"b": None}]}, 0.1, 1e300]


def test_any_json_value_goes_in_and_comes_out(shared):
    echo = shared.create("def handler(event): return event")
    for event in EVENTS:
        if event is None:
            continue
        result = shared.call(echo, event)
        assert result["success"] and result["output"] == event, event
    assert shared.request("POST", f"/api/invoke/{echo['id']}", '{"input":null}').json["output"] is None


def test_without_input_the_event_is_an_empty_object(shared):
    echo = shared.create("def handler(event): return event")
    assert shared.call(echo)["output"] == {}


def test_the_answer_has_the_documented_fields(shared):
    fn = shared.create("def handler(event): return 1")
    first, second = shared.call(fn), shared.call(fn)
    assert first["success"] is True and first["output"] == 1 and "error" not in first
    assert isinstance(first["duration_ms"], int) and re.fullmatch("[0-9a-f]{36}", first["invocation_id"])
    assert first["cold_start"] is True and second["cold_start"] is False


def test_the_context_carries_name_version_id_and_time(shared):
    fn = shared.create("def handler(event, context):\n"
                       "    return [context.function_name, context.function_version, context.call_id,\n"
                       "            context.get_remaining_time_in_millis(), context.runtime]",
                       name="with-context", limits={"timeout_ms": 5000})
    result = shared.call(fn)
    name, version, call_id, left, runtime = result["output"]
    assert name == "with-context" and int(version) == 1 and call_id == result["invocation_id"]
    assert 0 < left <= 5000 and runtime == "python"


def test_a_function_reads_its_name_in_its_environment(shared):
    fn = shared.create("import os\ndef handler(event): return os.environ['FUNCTION_NAME']")
    assert shared.call(fn)["output"] == fn["name"]
    renamed = shared.request("PUT", f"/api/functions/{fn['id']}", {"name": fn["name"] + "-renamed"}).json
    assert shared.call(fn)["output"] == renamed["name"], "from the next call on"


def test_async_handlers_are_awaited(shared):
    fn = shared.create("import asyncio\nasync def handler(event):\n    await asyncio.sleep(0)\n    return 'done'")
    assert shared.call(fn)["output"] == "done"


def test_an_exception_tells_strangers_its_message_and_the_owner_its_traceback(shared):
    fn = shared.create("def handler(event):\n    raise ValueError('no such thing')")
    mine = shared.call(fn)
    assert mine["success"] is False and mine["status"] == "error"
    assert mine["error"] == "ValueError: no such thing" and "line 2" in mine["traceback"]
    theirs = shared.invoke(fn, key=False).json
    assert theirs["error"] == "ValueError: no such thing"
    assert "traceback" not in theirs and "stdout" not in theirs
    for reply in mine, theirs:
        assert "output" not in reply and reply["cold_start"] in (True, False) and re.fullmatch("[0-9a-f]{36}", reply["invocation_id"])
    record = shared.records(fn)[0]
    assert record["status"] == "error" and "raise ValueError" in record["traceback"]


def test_a_result_that_is_not_json_names_its_type(shared):
    fn = shared.create("def handler(event): return {1, 2}")
    assert "set" in shared.call(fn)["error"]
    nan = shared.create("def handler(event): return float('nan')")
    assert shared.call(nan)["success"] is False


@pytest.mark.parametrize("code, words", [
    ("def handler(event:\n", ["SyntaxError", "main.py"]),
    ("x = 1", ["handler"]),
    ("handler = 5", ["handler", "not a function"]),
    ("import no_such_module\ndef handler(event): pass", ["no_such_module"]),
    ("raise RuntimeError('at load')", ["at load"]),
])
def test_code_that_does_not_load_says_why(shared, code, words):
    result = shared.call(shared.create(code))
    assert result["status"] == "error"
    for word in words:
        assert word in result["error"], result["error"]


def test_output_and_error_streams_are_kept_apart_from_the_result(shared):
    fn = shared.create("import sys\ndef handler(event):\n    print('to out')\n    print('to err', file=sys.stderr)\n"
                       "    print('{\"success\": false}')\n    return 'result'")
    result = shared.call(fn)
    assert result["output"] == "result"
    assert result["stdout"] == 'to out\n{"success": false}\n' and result["stderr"] == "to err\n"
    record = shared.records(fn)[0]
    assert record["stdout"] == result["stdout"] and record["stderr"] == "to err\n"


def test_programs_may_open_their_standard_streams_by_name(shared):
    fn = shared.create("import subprocess\ndef handler(event):\n"
                       "    subprocess.run(['/bin/sh', '-c', 'echo one > /dev/stdout; echo two > /dev/stderr'], check=True)")
    result = shared.call(fn)
    assert result["success"] and result["stdout"] == "one\n" and result["stderr"] == "two\n", result


def test_a_record_has_the_documented_fields(shared):
    fn = shared.create("def handler(event): return event")
    result = shared.call(fn, {"n": 1})
    record = shared.records(fn)[0]
    assert record["id"] == result["invocation_id"] and record["function_id"] == fn["id"]
    assert json.loads(record["input"]) == {"n": 1} and json.loads(record["output"]) == {"n": 1}
    assert record["status"] == "success" and record["source"] == "direct" and record["cold_start"] is True
    assert record["http_method"] is None and record["http_path"] is None and record["version"] == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", record["created_at"])
    phases = record["phases"]
    assert set(phases) == {"queue_us", "place_us", "load_us", "handler_us"}
    assert sum(phases.values()) <= record["duration_us"] + 1000 and phases["load_us"] > 0
    assert record["peak_memory_bytes"] > 0 and record["cpu_us"] > 0


def test_records_are_paged_by_cursor_newest_first(shared):
    fn = shared.create("def handler(event): return event")
    for n in range(60):
        shared.call(fn, n)
    newest = shared.records(fn)
    assert [int(r["output"]) for r in newest] == list(range(59, 9, -1))
    older = shared.records(fn, f"?before={newest[-1]['id']}&limit=20")
    assert [int(r["output"]) for r in older] == list(range(9, -1, -1))


def inputs(records):
    return [json.loads(record["input"]) for record in records]


def follow(link):
    return re.fullmatch(r'<(\?.*)>; rel="next"', link).group(1)


def test_records_do_not_come_all_at_once_and_link_says_where_they_go_on(shared):
    fn = shared.create("def handler(event): return event")
    for n in range(25):
        shared.call(fn, n)
    found, query = [], "?limit=10"
    while query:
        reply = shared.request("GET", f"/api/functions/{fn['id']}/invocations{query}")
        found += inputs(reply.json)
        query = follow(reply.headers["Link"]) if reply.headers["Link"] else None
    assert found == list(range(24, -1, -1))


def test_filters_choose_records(shared):
    fn = shared.create("def handler(event):\n    if event % 3 == 0: raise ValueError('Needle %d' % event)\n    return event")
    for n in range(9):
        shared.call(fn, n)
    records = shared.records(fn)
    assert inputs(shared.records(fn, "?status=error")) == [6, 3, 0]
    assert inputs(shared.records(fn, "?status=error,success&limit=2")) == [8, 7]
    assert inputs(shared.records(fn, "?cold=true")) == [0]
    assert inputs(shared.records(fn, "?q=needle%203")) == [3]
    assert inputs(shared.records(fn, "?source=gateway")) == []
    assert inputs(shared.records(fn, "?version=1&status=success&limit=1")) == [8]
    assert inputs(shared.records(fn, f"?since={records[2]['created_at']}")) == [8, 7, 6]
    assert inputs(shared.records(fn, f"?until={records[6]['created_at']}")) == [1, 0]
    for wrong in ("status=fine", "since=yesterday", "cold=1", "version=x", "source=A", "before=x", "limit=0"):
        reply = shared.request("GET", f"/api/functions/{fn['id']}/invocations?{wrong}")
        assert reply.status == 422 and reply.json["detail"][0]["loc"] == ["query", wrong.split("=")[0]], wrong


def test_a_search_finds_what_people_read_however_its_json_was_written(shared):
    fn = shared.create("def handler(event): return None")
    for text in ('"\\u00c4rger \\ud83d\\ude00 a\\"b\\\\c\\n\\ud800"', '"Ärger \U0001f600 a\\"b\\\\c\\t"'):
        assert shared.request("POST", f"/api/invoke/{fn['id']}", ('{"input": %s}' % text).encode()).status == 200
    from urllib.parse import quote
    found = {q: len(shared.records(fn, "?q=" + quote(q))) for q in ("Ärger", "rger \U0001f600 A", 'a"b', "b\\c", "\\u00c4", "nothing")}
    assert found == {"Ärger": 2, "rger \U0001f600 A": 2, 'a"b': 2, "b\\c": 2, "\\u00c4": 1, "nothing": 0}


def test_one_record_is_found_by_its_id(shared):
    fn, other = (shared.create("def handler(event): return event") for _ in range(2))
    result = shared.call(fn, {"n": 1})
    path = "/api/functions/{}/invocations/" + result["invocation_id"]
    one = shared.request("GET", path.format(fn["id"]))
    assert one.status == 200 and json.loads(one.json["output"]) == {"n": 1} and one.json["streamed"] is False
    assert shared.request("GET", path.format(other["id"])).json == {"detail": "Invocation not found"}
    assert shared.request("GET", path.format(fn["id"]), key=False).status == 401


def test_records_across_functions(server):
    first, second = (server.create("def handler(event): return event", name=name) for name in ("first", "second"))
    for n in range(6):
        server.call(second if n % 2 else first, n)
    reply = server.request("GET", "/api/invocations?limit=4")
    assert inputs(reply.json) == [5, 4, 3, 2] and [r["function_name"] for r in reply.json] == ["second", "first"] * 2
    reply = server.request("GET", "/api/invocations" + follow(reply.headers["Link"]))
    assert inputs(reply.json) == [1, 0] and reply.headers["Link"] is None
    assert inputs(server.request("GET", f"/api/invocations?function={first['id']}").json) == [4, 2, 0]
    assert server.request("GET", "/api/invocations", key=False).status == 401


def exported(server, query=""):
    reply = server.request("GET", "/api/invocations/export" + query)
    assert reply.status == 200 and reply.headers["Content-Type"] == "application/x-ndjson", reply.body
    return [json.loads(line) for line in reply.body.splitlines()]


def test_an_export_of_everything_holds_what_the_account_sees(server):
    project = server.request("POST", "/api/projects", {"name": "One"}).json
    loose = server.create("def handler(event): return event", name="loose")
    inside = server.create("def handler(event): return 1 / event", name="inside", project_id=project["id"])
    for n in range(6):
        server.call(inside if n % 2 else loose, n)
    server.call(inside, 0)
    rows = exported(server)
    assert inputs(rows) == [0, 1, 2, 3, 4, 5, 0] and [r["function_name"] for r in rows[:2]] == ["loose", "inside"]
    assert inputs(exported(server, f"?function={loose['id']}")) == [0, 2, 4]
    assert inputs(exported(server, f"?project={project['id']}&status=success")) == [1, 3, 5]
    assert server.request("GET", "/api/invocations/export?status=fine").json["detail"][0]["loc"] == ["query", "status"]
    assert server.request("GET", f"/api/invocations/export?project={'0' * 24}").status in (404, 422)


def test_events_follow_calls_and_go_on_where_they_ended(shared):
    fn = shared.create("def handler(event): return event")
    path = f"/api/functions/{fn['id']}/invocations/tail"
    with Events(shared, path) as tail:
        assert tail.status == 200 and "Content-Type: text/event-stream" in tail.head
        results = [shared.call(fn, n) for n in range(5)]
        events = [tail.event() for _ in range(5)]
    assert inputs(e["data"] for e in events) == list(range(5))
    assert [e["id"] for e in events] == [r["invocation_id"] for r in results]
    for resume in ({"headers": {"Last-Event-ID": events[2]["id"]}}, {"path": f"{path}?after={events[2]['id']}"}):
        with Events(shared, **{"path": path, **resume}) as tail:
            assert inputs(tail.event()["data"] for _ in range(2)) == [3, 4]
    with Events(shared, path + "?status=error&q=none") as tail:
        assert tail.status == 200
    with Events(shared, path, key=False) as tail:
        assert tail.status == 401


def test_events_of_all_functions(server):
    with Events(server, "/api/invocations/tail") as tail:
        fn = server.create("def handler(event): return event", name="young")
        server.call(fn, 1)
        assert tail.event()["data"]["function_name"] == "young"


def test_a_websocket_gets_the_same_records(shared):
    fn = shared.create("def handler(event):\n    print('x' * event)\n    return event")
    path = f"/api/functions/{fn['id']}/invocations/tail"
    with Socket(shared, path) as tail:
        assert tail.status == 101
        for n in (1, 100000):
            shared.call(fn, n)
        first, second = tail.message(), tail.message()
    assert first["stdout"] == "x\n" and first["truncated"] == []
    assert second["stdout"] == "x" * 16384 and "stdout" in second["truncated"]
    with Socket(shared, path, key=False) as tail:
        assert tail.status == 401
    whole = shared.request("GET", f"/api/functions/{fn['id']}/invocations/{second['id']}").json
    assert len(whole["stdout"]) == 65536


def test_an_export_holds_every_record(shared):
    fn = shared.create("def handler(event): return event")
    for n in range(120):
        shared.call(fn, n)
    path = f"/api/functions/{fn['id']}/invocations/export"
    reply = shared.request("GET", path)
    lines = [json.loads(line) for line in reply.body.splitlines()]
    assert reply.headers["Content-Type"] == "application/x-ndjson" and inputs(lines) == list(range(120))
    filtered = shared.request("GET", f"{path}?since={lines[100]['created_at']}")
    assert inputs(json.loads(line) for line in filtered.body.splitlines()) == list(range(100, 120))
    with Live(shared, path) as export:
        assert export.rest().count(b"\n") == 120
    assert shared.request("GET", path, key=False).status == 401


def test_an_export_until_some_time_ends_also_where_nothing_was_called(server):
    project = server.request("POST", "/api/projects", {"name": "Quiet"}).json
    reply = server.request("GET", f"/api/projects/{project['id']}/invocations/export?until=2999-01-01T00:00:00Z", timeout=10)
    assert (reply.status, reply.body) == (200, b"")


def test_a_server_that_stops_says_so_to_who_follows(tmp_path):
    server = Server(tmp_path).start()
    with Events(server, "/api/invocations/tail") as events, Socket(server, "/api/invocations/tail") as messages:
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert events.event() == {"event": "end", "data": {"reason": "The server is stopping"}}
        opcode, payload = messages.frame()
        assert opcode == 8 and int.from_bytes(payload[:2], "big") == 1001
        assert events.rest() == b"" and time.monotonic() - begun < 8, "before the time is up that calls have to end"
        assert server.stop() == 0


def test_every_call_through_the_gateway_is_found_by_its_id(shared):
    project = shared.request("POST", "/api/projects", {"name": "Found"}).json
    fn = shared.create("def handler(event): return 1", project_id=project["id"])
    shared.request("POST", f"/api/projects/{project['id']}/routes", {"function_id": fn["id"], "method": "GET", "path": "/x"})
    ids = [shared.request("GET", f"/api/gateway/{project['slug']}/x", key=False, headers={"X-Pad": "p" * 8000})
           .headers["X-Virga-Call"] for _ in range(400)]
    lost = [i for i in ids if shared.request("GET", f"/api/functions/{fn['id']}/invocations/{i}").status != 200]
    assert lost == []


def test_strangers_never_see_what_visitors_sent(shared):
    fn = shared.create("def handler(event): return 'hi'", public_logs=True)
    shared.call(fn, {"mine": 1})
    path = f"/api/functions/{fn['id']}/invocations"
    assert json.loads(shared.request("GET", path, key=False).json[0]["input"]) == {"mine": 1}
    project = shared.request("POST", "/api/projects", {"name": "Shop"}).json
    routed = shared.create("def handler(event): return {'statusCode': 200, 'body': str(len(event['headers']['cookie']))}",
                           project_id=project["id"], public_logs=True)
    made = shared.request("POST", f"/api/projects/{project['id']}/routes",
                          {"function_id": routed["id"], "method": "GET", "path": "/x"})
    assert made.status == 200, made.body
    visit = shared.request("GET", f"/api/gateway/{project['slug']}/x", key=False, headers={"Cookie": "basket=chocolate"})
    assert visit.status == 200 and b"16" in visit.body
    path = f"/api/functions/{routed['id']}/invocations"
    mine = shared.request("GET", path).json[0]
    assert mine["source"] == "gateway" and mine["http_path"] == "/x" and "chocolate" in mine["input"]
    theirs = shared.request("GET", path, key=False).json[0]
    assert theirs["input"] == "{}" and "traceback" not in theirs
    assert shared.request("GET", path + "?q=basket", key=False).json == []


def test_records_are_for_the_owner_unless_opened(shared):
    fn = shared.create("def handler(event): return 'private'")
    shared.call(fn)
    path = f"/api/functions/{fn['id']}/invocations"
    assert shared.request("GET", path, key=False).status == 401
    assert shared.request("PUT", f"/api/functions/{fn['id']}", {"public_logs": True}).status == 200
    assert shared.request("GET", path, key=False).status == 200


def test_state_stays_in_the_slot_of_its_function_only(shared):
    code = "calls = []\ndef handler(event):\n    calls.append(event)\n    return calls"
    a, b = shared.create(code), shared.create(code)
    assert shared.call(a, 1)["output"] == [1]
    assert shared.call(a, 2)["output"] == [1, 2]
    assert shared.call(b, 3)["output"] == [3]


def test_reuse_never_gives_every_call_a_fresh_copy(shared):
    fn = shared.create("calls = []\ndef handler(event):\n    calls.append(event)\n    return calls", reuse="never")
    for n in range(10):
        result = shared.call(fn, n)
        assert result["output"] == [n] and result["cold_start"] is True


def test_environment_reaches_the_function_and_is_masked_in_listings(shared):
    fn = shared.create("import os\ndef handler(event): return os.environ['TOKEN'][::-1]", environment={"TOKEN": "s3cret"})
    assert shared.call(fn)["output"] == "terc3s"
    shown = shared.request("GET", f"/api/functions/{fn['id']}")
    assert b"s3cret" not in shown.body and shown.json["environment"] == {"TOKEN": "****"}
    stored = b"".join(p.read_bytes() for p in shared.data.glob("virga.db*"))
    assert b"s3cret" not in stored


def test_several_files_and_their_modules_are_found(shared):
    reply = shared.deploy({"main.py": b"from lib.greet import hello\ndef handler(event): return hello(event)\n",
                           "lib/__init__.py": b"", "lib/greet.py": b"def hello(n): return open('/code/data.txt').read() + n\n",
                           "data.txt": b"hi "}, "several")
    assert reply.status == 200, reply.body
    assert shared.call(reply.json, "you")["output"] == "hi you"


def test_an_unknown_function_is_not_found(shared):
    assert shared.request("POST", "/api/invoke/0123456789abcdef01234567", {}).status == 404
    assert shared.request("GET", "/api/functions/0123456789abcdef01234567").json == {"detail": "Function not found"}


def test_an_inactive_function_is_not_called(shared):
    fn = shared.create("def handler(event): return 1")
    shared.request("PUT", f"/api/functions/{fn['id']}", {"status": "inactive"})
    reply = shared.invoke(fn)
    assert reply.status == 400 and reply.json == {"detail": "Function is not active (status: inactive)"}


def test_a_large_event_and_result_pass(shared):
    fn = shared.create("def handler(event): return event")
    big = "x" * (3 * 1024 * 1024)
    assert shared.call(fn, big)["output"] == big


def test_the_metrics_count_the_records_of_calls(shared):
    written = 'virga_call_records_total{state="written"}'
    before = shared.metric(written)
    shared.call(shared.create("def handler(event): return 1"))
    until(lambda: shared.metric(written) > before, "the record is counted")
    assert shared.metric('virga_call_records_total{state="dropped"}') == 0
    assert shared.metric("virga_call_records_failing") == 0
