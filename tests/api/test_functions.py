"""The functions API, asked by careless clients: every error has its row, and nothing is ever a 500."""

import io
import json
import os
import random
import re
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from virga import until

CODE = "def handler(event): return event"
ID = "0123456789abcdef01234567"


def name():
    return f"f{os.urandom(6).hex()}"


def detail(reply, status):
    assert reply.status == status, (reply.status, reply.body)
    return reply.json["detail"]


def first(reply):
    """The one entry of a 422: its place as "body.name", its type, its message."""
    entries = detail(reply, 422)
    assert isinstance(entries, list) and set(entries[0]) >= {"type", "loc", "msg"}, entries
    return ".".join(map(str, entries[0]["loc"])), entries[0]["type"], entries[0]["msg"]


def post(server, body):
    return server.request("POST", "/api/functions", body)


# What a function is

def test_a_new_function_has_the_documented_fields(shared):
    wanted = name()
    fn = shared.create(CODE, name=wanted)
    assert fn["name"] == wanted and fn["code"] == CODE and fn["description"] == "" and fn["active_version"] == 1
    assert fn["runtime"] == "python" and fn["status"] == "active" and fn["network_enabled"] is False
    assert re.fullmatch("[0-9a-f]{24}", fn["id"]) and fn["project_id"] is None
    assert fn["access"] == "public" and fn["rate_limit"] == 0 and fn["client_rate_limit"] == 0
    for field in "created_at", "updated_at":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", fn[field]), fn[field]
    assert shared.request("GET", f"/api/functions/{fn['id']}").json == fn
    assert shared.request("GET", f"/api/functions/{wanted}").json == fn, "by its name as well"


def test_a_partial_update_changes_only_what_it_names(shared):
    fn = shared.create(CODE, description="old", environment={"A": "1"}, limits={"timeout_ms": 1234})
    path = f"/api/functions/{fn['id']}"
    after = shared.request("PUT", path, {"description": "new"}).json
    assert after == {**fn, "description": "new", "updated_at": after["updated_at"]}
    assert after["updated_at"] > fn["updated_at"]
    after = shared.request("PUT", path, {"limits": {"memory_mb": 99}}).json
    assert after["limits"] == {**fn["limits"], "memory_mb": 99} and after["active_version"] == 1
    assert shared.request("PUT", path, {}).json == after
    assert shared.request("PUT", path, {"unknown": 1, "id": "x", "active_version": 7}).json == after


def test_a_masked_value_that_comes_back_keeps_what_was_stored(shared):
    fn = shared.create("import os\ndef handler(event): return [os.environ.get(k) for k in event]", environment={"A": "1", "B": "2"})
    path = f"/api/functions/{fn['id']}"
    assert shared.request("PUT", path, {"environment": {"A": "****", "C": "3"}}).json["environment"] == {"A": "****", "C": "****"}
    assert shared.call(fn, ["A", "B", "C"])["output"] == ["1", None, "3"]
    assert "'D' is masked" in first(shared.request("PUT", path, {"environment": {"D": "****"}}))[2]


def test_status_access_and_rates_are_settings(shared):
    fn = shared.create(CODE, access="key", rate_limit=60)
    path = f"/api/functions/{fn['id']}"
    assert (fn["access"], fn["rate_limit"], fn["client_rate_limit"]) == ("key", 60, 0)
    after = shared.request("PUT", path, {"access": "private", "client_rate_limit": 1000000, "status": "inactive"}).json
    assert after == {**fn, "access": "private", "client_rate_limit": 1000000, "status": "inactive", "updated_at": after["updated_at"]}
    assert shared.request("GET", path).json == after


# What it may not be

@pytest.mark.parametrize("bad", ["", " x", ".x", "-x", "a" * 65, "a/b", "a\nb", "a\tb", "ä", "a\u202eb", "a'b", 'a"b', "a<b",
                                 "a%b", "a?b", "../x", "$(id)"])
def test_a_bad_name_is_refused_with_the_rule(shared, bad):
    place, kind, msg = first(post(shared, {"name": bad, "code": CODE}))
    assert place == "body.name" and kind == "value_error" and "1 to 64 letters" in msg


def test_the_longest_name_works_everywhere(shared):
    fn = shared.create(CODE, name="A" * 52 + os.urandom(6).hex())
    assert shared.call(fn, 1)["output"] == 1
    assert shared.request("DELETE", f"/api/functions/{fn['name']}").status == 200


@pytest.mark.parametrize("body, place, kind", [
    ({"code": CODE}, "body.name", "missing"),
    ({"name": "x"}, "body.code", "missing"),
    ({}, "body.name", "missing"),
    ({"name": None, "code": CODE}, "body.name", "string_type"),
    ({"name": 5, "code": CODE}, "body.name", "string_type"),
    ({"name": ["x"], "code": CODE}, "body.name", "string_type"),
    ({"name": "x", "code": None}, "body.code", "string_type"),
    ({"name": "x", "code": {}}, "body.code", "string_type"),
    ({"description": None}, "body.description", "string_type"),
    ({"description": "x" * 1001}, "body.description", "string_too_long"),
    ({"runtime": None}, "body.runtime", "string_type"),
    ({"runtime": 3.11}, "body.runtime", "string_type"),
    ({"handler": ""}, "body.handler", "value_error"),
    ({"handler": "a b"}, "body.handler", "value_error"),
    ({"handler": "x" * 256}, "body.handler", "value_error"),
    ({"handler": None}, "body.handler", "string_type"),
    ({"status": "paused"}, "body.status", "literal_error"),
    ({"status": None}, "body.status", "literal_error"),
    ({"status": True}, "body.status", "literal_error"),
    ({"reuse": "sometimes"}, "body.reuse", "literal_error"),
    ({"network_enabled": "yes"}, "body.network_enabled", "bool_type"),
    ({"network_enabled": None}, "body.network_enabled", "bool_type"),
    ({"network_enabled": 1}, "body.network_enabled", "bool_type"),
    ({"public_logs": "true"}, "body.public_logs", "bool_type"),
    ({"snapstart": "on"}, "body.snapstart", "bool_type"),
    ({"snapstart": True, "runtime": "nodejs"}, "body.snapstart", "value_error"),
    ({"limits": None}, "body.limits", "dict_type"),
    ({"limits": []}, "body.limits", "dict_type"),
    ({"limits": {"memory_mb": None}}, "body.limits.memory_mb", "int_type"),
    ({"limits": {"memory_mb": "128"}}, "body.limits.memory_mb", "int_type"),
    ({"limits": {"memory_mb": 128.5}}, "body.limits.memory_mb", "int_type"),
    ({"limits": {"cpu": "1"}}, "body.limits.cpu", "float_type"),
    ({"limits": {"memory": 128}}, "body.limits", "extra_forbidden"),
    ({"limits": {"\n" * 5000: 128}}, "body.limits", "extra_forbidden"),
    ({"concurrency": 0}, "body.concurrency", "range_error"),
    ({"concurrency": -1}, "body.concurrency", "range_error"),
    ({"concurrency": 4294967295}, "body.concurrency", "range_error"),
    ({"concurrency": "4"}, "body.concurrency", "int_type"),
    ({"access": "open"}, "body.access", "literal_error"),
    ({"access": None}, "body.access", "literal_error"),
    ({"rate_limit": -1}, "body.rate_limit", "range_error"),
    ({"rate_limit": 1000001}, "body.rate_limit", "range_error"),
    ({"rate_limit": None}, "body.rate_limit", "int_type"),
    ({"client_rate_limit": 0.5}, "body.client_rate_limit", "int_type"),
    ({"client_rate_limit": "5"}, "body.client_rate_limit", "int_type"),
    ({"project_id": 5}, "body.project_id", "string_type"),
    ({"project_id": ""}, "body.project_id", "value_error"),
    ({"project_id": ID}, "body.project_id", "value_error"),
    ({"queue": -1}, "body.queue", "range_error"),
    ({"queue": 10001}, "body.queue", "range_error"),
    ({"environment": None}, "body.environment", "dict_type"),
    ({"environment": ["A=1"]}, "body.environment", "dict_type"),
    ({"environment": {"": "x"}}, "body.environment", "value_error"),
    ({"environment": {"1A": "x"}}, "body.environment", "value_error"),
    ({"environment": {"A-B": "x"}}, "body.environment", "value_error"),
    ({"environment": {"A=B": "x"}}, "body.environment", "value_error"),
    ({"environment": {"Ä": "x"}}, "body.environment", "value_error"),
    ({"environment": {"A" * 257: "x"}}, "body.environment", "value_error"),
    ({"environment": {"A": 1}}, "body.environment", "string_type"),
    ({"environment": {"A": None}}, "body.environment", "string_type"),
    ({"environment": {"PATH": "/tmp"}}, "body.environment", "value_error"),
    ({"environment": {"LD_PRELOAD": "/tmp/x.so"}}, "body.environment", "value_error"),
    ({"environment": {"VIRGA_X": "1"}}, "body.environment", "value_error"),
    ({"environment": {"A": "x" * 65536}}, "body.environment", "value_error"),
])
def test_a_wrong_field_is_refused_at_its_place(shared, body, place, kind):
    fn = shared.create(CODE)
    creates = {"name", "code"} & set(body) or not body
    for reply in [post(shared, body if creates else {"name": name(), "code": CODE, **body})] + \
            ([] if creates else [shared.request("PUT", f"/api/functions/{fn['id']}", body)]):
        got = first(reply)
        assert got[:2] == (place, kind) and got[2]
    assert shared.request("GET", f"/api/functions/{fn['id']}").json == fn


RANGES = {"memory_mb": (16, 16384), "cpu": (0.05, 64), "timeout_ms": (1, 900000), "pids": (1, 4096), "tmp_mb": (1, 4096),
          "output_kb": (1, 16384), "result_kb": (1, 16384), "file_mb": (1, 4096), "open_files": (16, 4096)}


@pytest.mark.parametrize("limit", RANGES)
def test_a_limit_out_of_range_names_itself_and_its_range(shared, limit):
    low, high = RANGES[limit]
    for value in (low - (0.01 if limit == "cpu" else 1), high + 1, -1, 0, 1 << 40, 1e18 if limit == "cpu" else 1 << 62):
        place, kind, msg = first(post(shared, {"name": name(), "code": CODE, "limits": {limit: value}}))
        assert place == f"body.limits.{limit}" and kind == "range_error"
        assert limit in msg and str(low) in msg and str(high) in msg, msg
    for value in low, high:
        fn = shared.create(CODE, limits={limit: value})
        assert fn["limits"][limit] == value


def test_an_unknown_runtime_lists_the_known_ones(shared):
    for wanted in "ruby", "", "Python", "x" * 100000, "python\n", "../python":
        place, _, msg = first(post(shared, {"name": name(), "code": CODE, "runtime": wanted}))
        assert place == "body.runtime" and all(r in msg for r in ("python", "nodejs", "provided")), msg
    assert shared.create("exports.handler = e => e", runtime="node")["runtime"] == "nodejs"


def test_a_name_is_taken_once(shared):
    a, b = shared.create(CODE), shared.create(CODE)
    assert a["name"] in detail(post(shared, {"name": a["name"], "code": CODE}), 409)
    assert a["name"] in detail(shared.request("PUT", f"/api/functions/{b['id']}", {"name": a["name"]}), 409)
    assert shared.request("PUT", f"/api/functions/{a['id']}", {"name": a["name"]}).status == 200, "its own name"
    shared.request("DELETE", f"/api/functions/{a['id']}")
    assert post(shared, {"name": a["name"], "code": CODE}).status == 200, "free again"


# What is no JSON

@pytest.mark.parametrize("body", [
    b"{", b"{]", b"nul", b"'x'", b"{\"name\": \"x\",}", b"{\"name\" \"x\"}", b"{\"name\": 01}", b"{} {}", b"\xef\xbb\xbf{}",
    b"{\"name\": \"\xff\"}", b"{\"name\": \"\xc0\xaf\"}", b"{\"name\": \"\xed\xa0\x80\"}", b"{\"name\": \"\\ud800\"}",
    b"{\"name\": \"a\nb\"}", b"\0", b"{\"name\": 1e999}", b"{\"n\": 99999999999999999999999}", b"NaN", b"{\"a\": Infinity}",
    b'{"name": "a", "name": "b"}', b'{"limits": {"pids": 1, "pids": 2}}', b"[" * 100000, b'{"a":' * 5000, b"[" * 65 + b"]" * 65,
])
def test_a_body_that_is_no_json_is_refused(shared, body):
    fn = shared.create(CODE)
    for method, path in ("POST", "/api/functions"), ("PUT", f"/api/functions/{fn['id']}"):
        entry = detail(shared.request(method, path, body, headers={"Content-Type": "application/json"}), 422)[0]
        assert entry["type"] == "json_invalid" and entry["msg"] == "JSON decode error" and entry["ctx"]["error"], entry
        assert entry["loc"][0] == "body" and isinstance(entry["loc"][1], int)


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"', b"null", b"true", b"[{}]"])
def test_a_body_that_is_no_object_is_refused(shared, body):
    assert first(shared.request("POST", "/api/functions", body))[:2] == ("body", "dict_type")


def test_a_body_of_another_type_or_none_is_refused(shared):
    good = json.dumps({"name": name(), "code": CODE})
    for kind in "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json", "":
        assert shared.request("POST", "/api/functions", good, headers={"Content-Type": kind}).status == 422, kind
    assert first(shared.request("POST", "/api/functions"))[:2] == ("body", "missing")
    reply = shared.request("POST", "/api/functions", good, headers={"Content-Type": "Application/vnd.x+JSON; charset=utf-8"})
    assert reply.status == 200


def test_nul_in_any_text_is_refused(shared):
    for field in "name", "code", "description", "runtime", "handler", "status", "reuse":
        body = {"name": name(), "code": CODE, field: "a\0b"}
        assert shared.request("POST", "/api/functions", body).status == 422, field
    for environment in {"A": "a\0b"}, {"A\0B": "x"}:
        assert post(shared, {"name": name(), "code": CODE, "environment": environment}).status == 422


def test_long_code_is_kept_byte_for_byte(shared):
    code = CODE + "\n# " + "ü\U0001f600\r\n# \x7f\u2028" * 100000
    assert len(code.encode()) > 1 << 20
    fn = shared.create(code)
    assert fn["code"] == code and shared.request("GET", f"/api/functions/{fn['id']}").json["code"] == code
    assert shared.call(fn, 1)["output"] == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"input": 1, "input": 2}', b'{"input": \xff}', b'{"input":',
                                  b'{"input": ' + b"[" * 5000 + b"]" * 5000 + b"}", b'{"input": 01}'])
def test_an_event_that_is_no_json_is_refused_before_the_call(shared, body):
    fn = shared.create(CODE)
    assert detail(shared.request("POST", f"/api/invoke/{fn['id']}", body), 422)
    assert shared.records(fn) == []


# Paths, methods, keys

def test_what_is_not_there_says_so(shared):
    for method, path, body in [("GET", "", None), ("PUT", "", {"description": "x"}), ("PUT", "", {}), ("DELETE", "", None),
                               ("GET", "/versions", None), ("PUT", "/versions/1", None), ("GET", "/invocations", None)]:
        for key in ID, "no-such-name", "%20", "x" * 1000, "%e2%82%ac", "..", "%2e%2e", "a%2fb":
            reply = shared.request(method, f"/api/functions/{key}{path}", body)
            assert reply.status == 404 and reply.json["detail"] == "Function not found", (method, key, path, reply.body)
    assert detail(shared.request("GET", "/api/nothing"), 404) == "Not Found"
    assert detail(shared.request("POST", f"/api/invoke/{ID}", {}), 404) == "Function not found"


def test_a_version_that_is_no_number_is_refused(shared):
    fn = shared.create(CODE)
    for version in "x", "1.5", "-1", "+1", "0x1", "1%20", "%31x", "99999999999999999999999":
        place, kind, _ = first(shared.request("PUT", f"/api/functions/{fn['id']}/versions/{version}"))
        assert (place, kind) == ("path.version", "int_parsing"), version
    for version in "0", "2", "4294967295", "4294967296", "4294967297":
        assert detail(shared.request("PUT", f"/api/functions/{fn['id']}/versions/{version}"), 404) == "Version not found"


def test_a_wrong_method_names_the_right_ones(shared):
    for path, allowed in {"/api/functions": {"GET", "POST"}, f"/api/functions/{ID}": {"GET", "PUT", "DELETE"},
                          f"/api/functions/{ID}/versions": {"GET"}, f"/api/functions/{ID}/versions/1": {"GET", "PUT"},
                          f"/api/invoke/{ID}": {"POST"}, "/api/deploy": {"POST"}, "/api/health": {"GET"}}.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "BREW"} - allowed:
            reply = shared.request(method, path)
            assert reply.status == 405 and set(reply.headers["Allow"].split(", ")) == allowed, (method, path)
            assert method == "HEAD" or reply.json == {"detail": "Method Not Allowed"}


def test_the_other_slash_form_redirects(shared):
    for path in "/api/functions/", f"/api/functions/{ID}/versions/":
        reply = shared.request("GET", path + "?limit=2")
        assert reply.status == 307
        assert reply.headers["Location"] == f"http://127.0.0.1:{shared.port}{path[:-1]}?limit=2"


def test_the_key_is_checked_and_each_fault_has_its_text(shared):
    def ask(header):
        return shared.request("GET", "/api/functions", key=False, headers={"Authorization": header} if header is not None else {})

    for header in None, "", "Bearer", "Basic abc", f"bearer {shared.key}", f"Token {shared.key}", shared.key, "Bearer\tx":
        assert detail(ask(header), 401) == "Missing auth token", header
    for key in "x", shared.key[:-1], shared.key + "0", shared.key.upper(), " " + shared.key, "vk_" + "0" * 48, "a.b.c", "x" * 8000:
        assert detail(ask("Bearer " + key), 401) == "Invalid token", key
    assert ask("Bearer " + shared.key).status == 200


@pytest.mark.parametrize("method, path", [
    ("GET", "/api/functions"), ("POST", "/api/functions"), ("GET", f"/api/functions/{ID}"), ("PUT", f"/api/functions/{ID}"),
    ("DELETE", f"/api/functions/{ID}"), ("GET", f"/api/functions/{ID}/versions"), ("PUT", f"/api/functions/{ID}/versions/1"),
    ("GET", f"/api/functions/{ID}/invocations"), ("POST", "/api/deploy")])
def test_strangers_learn_nothing(shared, method, path):
    assert shared.request(method, path, key=False).status == 401
    assert shared.request(method, path, key="vk_" + "0" * 48).status == 401


# Versions

def test_twenty_threads_that_save_make_twenty_versions(shared):
    fn = shared.create(CODE)
    path = f"/api/functions/{fn['id']}"

    def save(n):
        reply = shared.request("PUT", path, {"code": f"def handler(event): return {n}"})
        assert reply.status == 200, reply.body
        return reply.json["active_version"]

    with ThreadPoolExecutor(20) as pool:
        numbers = list(pool.map(save, range(40)))
    assert sorted(numbers) == list(range(2, 42))
    assert [v["version"] for v in shared.request("GET", path + "/versions").json] == list(range(41, 0, -1))
    last = shared.request("GET", path).json
    assert last["active_version"] == 41 and shared.call(fn)["output"] == int(last["code"].split()[-1])


def test_saving_after_a_rollback_takes_the_next_number(shared):
    fn = shared.create(CODE)
    path = f"/api/functions/{fn['id']}"
    for n in range(3):
        shared.request("PUT", path, {"code": f"def handler(event): return {n}"})
    assert shared.request("PUT", path + "/versions/2").json["active_version"] == 2
    assert shared.request("PUT", path, {"code": CODE}).json["active_version"] == 5
    versions = shared.request("GET", path + "/versions").json
    assert [v["version"] for v in versions] == [5, 4, 3, 2, 1] and [v["active"] for v in versions] == [True] + [False] * 4
    assert all(v["function_id"] == fn["id"] and v["created_at"].endswith("Z") and "code" in v for v in versions)


def test_creating_and_deploying_one_name_at_once_makes_one_function(shared):
    wanted = name()

    def make(n):
        if n % 2:
            return post(shared, {"name": wanted, "code": CODE}).status
        return shared.deploy({"main.py": CODE.encode()}, wanted).status

    with ThreadPoolExecutor(12) as pool:
        got = list(pool.map(make, range(24)))
    assert set(got) <= {200, 409}, got
    assert [f["name"] for f in shared.request("GET", "/api/functions").json].count(wanted) == 1


def test_deleting_during_calls_ends_them_clearly(shared):
    fn = shared.create("import time\ndef handler(event):\n    time.sleep(0.01)\n    return 1", concurrency=2, queue=1000)
    stop, seen = threading.Event(), []

    def caller():
        while not stop.is_set():
            reply = shared.invoke(fn)
            seen.append((reply.status, reply.json.get("status")))
            if reply.status == 404:
                return

    threads = [threading.Thread(target=caller) for _ in range(8)]
    for t in threads:
        t.start()
    until(lambda: len(seen) > 20, "calls run")
    assert shared.request("DELETE", f"/api/functions/{fn['id']}").json == {"detail": "Function deleted"}
    until(lambda: not any(t.is_alive() for t in threads), "every caller learns of it")
    stop.set()
    assert set(seen) <= {(200, "success"), (200, "platform_error"), (404, None)}, set(seen)
    assert shared.request("DELETE", f"/api/functions/{fn['id']}").status == 404
    until(lambda: shared.metric('virga_slots{state="busy"}') == 0, "its slots end")


# Archives

def tar(*entries, form=tarfile.GNU_FORMAT):
    """(path, bytes) or a TarInfo, packed."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
                continue
            info = tarfile.TarInfo(entry[0])
            info.size = len(entry[1])
            archive.addfile(info, io.BytesIO(entry[1]))
    return out.getvalue()


def special(kind, path="x", target="main.py"):
    info = tarfile.TarInfo(path)
    info.type, info.linkname = kind, target
    return info


MAIN = ("main.py", CODE.encode())

ARCHIVES = {
    "a path that climbs": (lambda: tar(MAIN, ("../evil", b"x")), "'.' or '..'"),
    "a path that climbs inside": (lambda: tar(MAIN, ("a/../../evil", b"x")), "'.' or '..'"),
    "an absolute path": (lambda: tar(MAIN, ("/etc/passwd", b"x")), "absolute"),
    "an empty segment": (lambda: tar(MAIN, ("a//b", b"x")), "empty path segment"),
    "a line end in a path": (lambda: tar(MAIN, ("a\nb", b"x")), "control character"),
    "a symbolic link": (lambda: tar(MAIN, special(tarfile.SYMTYPE)), "symbolic link"),
    "a hard link": (lambda: tar(MAIN, special(tarfile.LNKTYPE)), "hard link"),
    "a character device": (lambda: tar(MAIN, special(tarfile.CHRTYPE)), "device"),
    "a block device": (lambda: tar(MAIN, special(tarfile.BLKTYPE)), "device"),
    "a FIFO": (lambda: tar(MAIN, special(tarfile.FIFOTYPE)), "FIFO"),
    "a file twice": (lambda: tar(MAIN, MAIN), "twice"),
    "a file that is a directory": (lambda: tar(MAIN, ("main.py/x", b"")), "both a file and a directory"),
    "2001 files": (lambda: tar(MAIN, *((f"f{n}", b"") for n in range(2000))), "more than 2000 files"),
    "10000 directories": (lambda: tar(MAIN, *(special(tarfile.DIRTYPE, f"d{n}") for n in range(10000))), "more than"),
    "a long name": (lambda: tar(MAIN, ("n" * 256, b"")), "longer than 255"),
    "a long name in pax": (lambda: tar(MAIN, ("n" * 256, b""), form=tarfile.PAX_FORMAT), "longer than 255"),
    "a long path": (lambda: tar(MAIN, ("/".join(["n" * 200] * 6), b"")), "longer than 1024"),
    "a pax path that climbs": (lambda: tar(MAIN, ("ä/../../../x", b""), form=tarfile.PAX_FORMAT), "'.' or '..'"),
    "cut off in a file": (lambda: tar(MAIN, ("big", b"x" * 5000))[:2048], "cut off"),
    "cut off in a header": (lambda: tar(MAIN)[:700], "cut off"),
    "cut off before its end": (lambda: tar(MAIN)[:1024], "cut off"),
    "bytes behind the end": (lambda: tar(MAIN) + b"x" * 512, "goes on behind its end"),
    "gzip": (lambda: __import__("gzip").compress(tar(MAIN)), "compressed: send a plain tar"),
    "bzip2": (lambda: __import__("bz2").compress(tar(MAIN)), "compressed: send a plain tar"),
    "xz": (lambda: __import__("lzma").compress(tar(MAIN)), "compressed: send a plain tar"),
    "zip": (lambda: b"PK\x03\x04" + bytes(600), "compressed: send a plain tar"),
    "empty body": (lambda: b"", "empty"),
    "no entries": (lambda: tar(), "no files"),
    "only directories": (lambda: tar(special(tarfile.DIRTYPE, "a")), "no files"),
    "only settings": (lambda: tar(("virga.json", b"{}")), "no files"),
    "text": (lambda: b"def handler(event): pass\n" * 100, "no tar archive"),
    "a damaged header": (lambda: tar(MAIN).replace(b"main.py", b"mainX.p", 1), "no tar archive"),
}


@pytest.mark.parametrize("what", ARCHIVES)
def test_a_bad_archive_is_refused_with_its_fault(shared, what):
    make, words = ARCHIVES[what]
    wanted = name()
    reply = shared.request("POST", f"/api/deploy?name={wanted}", make(), headers={"Content-Type": "application/x-tar"})
    assert words in first(reply)[2], reply.body
    assert shared.request("GET", f"/api/functions/{wanted}").status == 404


@pytest.mark.parametrize("settings, place", [
    (b"{", "body.virga_json"), (b"", "body.virga_json"), (b"[]", "body.virga_json"), (b"\xff", "body.virga_json"),
    (b'{"name": "a", "name": "b"}', "body.virga_json"), (b"[" * 100000, "body.virga_json"),
    (b'{"limits": {"memory_mb": 1}}', "body.virga_json.limits.memory_mb"), (b'{"name": "/"}', "body.virga_json.name"),
    (b'{"runtime": "ruby"}', "body.virga_json.runtime"), (b'{"environment": {"A": 1}}', "body.virga_json.environment"),
])
def test_bad_settings_in_an_archive_are_refused(shared, settings, place):
    reply = shared.request("POST", f"/api/deploy?name={name()}", tar(MAIN, ("virga.json", settings)),
                           headers={"Content-Type": "application/x-tar"})
    assert first(reply)[0] == place, reply.body


def test_settings_in_an_archive_apply_and_are_not_kept_as_a_file(shared):
    settings = {"name": name(), "description": "from the file", "limits": {"timeout_ms": 777}, "environment": {"SECRET": "hush"},
                "code": "ignored"}
    reply = shared.request("POST", "/api/deploy", tar(MAIN, ("virga.json", json.dumps(settings).encode())),
                           headers={"Content-Type": "application/x-tar"})
    fn = reply.json
    assert reply.status == 200 and fn["name"] == settings["name"] and fn["description"] == "from the file"
    assert fn["limits"]["timeout_ms"] == 777 and fn["environment"] == {"SECRET": "****"} and fn["code"] == CODE
    assert [f["path"] for f in fn["files"]] == ["main.py"]


@pytest.mark.parametrize("entry, runtime", [("main.py", "python"), ("index.js", "nodejs"), ("index.mjs", "nodejs"),
                                            ("bootstrap", "provided")])
def test_the_runtime_is_told_by_the_entry_file(shared, entry, runtime):
    assert shared.deploy({entry: b"x"}, name()).json["runtime"] == runtime


def test_an_archive_without_an_entry_asks_for_a_runtime(shared):
    assert "main.py" in first(shared.deploy({"code.rb": b"x"}, name()))[2]
    assert first(shared.deploy({"main.py": b"x"}, ""))[0] == "query.name"
    reply = shared.request("POST", "/api/deploy?name=x", tar(MAIN), headers={"Content-Type": "application/gzip"})
    assert "application/x-tar" in first(reply)[2]
    assert first(shared.request("POST", "/api/deploy", tar(MAIN), headers={"Content-Type": "application/x-tar"}))[0] == "query.name"


def test_deploying_again_makes_a_version_and_keeps_the_settings(shared):
    wanted = name()
    shared.deploy({"main.py": CODE.encode(), "virga.json": b'{"environment": {"A": "1"}, "limits": {"pids": 33}}'}, wanted)
    fn = shared.deploy({"main.py": b"def handler(event): return 'two'"}, wanted).json
    assert fn["active_version"] == 2 and fn["environment"] == {"A": "****"} and fn["limits"]["pids"] == 33
    assert shared.call(fn)["output"] == "two"


def test_a_binary_entry_file_is_no_text_and_no_fault(shared):
    fn = shared.deploy({"main.py": b"\xff\xfe\0"}, name()).json
    assert fn["code"] == "" and shared.call(fn)["status"] == "error"


def test_snapstart_is_a_setting_of_python_functions_and_off_unless_asked_for(shared):
    fn = shared.create(CODE)
    assert fn["snapstart"] is False
    changed = shared.request("PUT", f"/api/functions/{fn['id']}", {"snapstart": True}).json
    assert changed["snapstart"] is True and changed["active_version"] == fn["active_version"]
    assert shared.request("PUT", f"/api/functions/{fn['id']}", {"runtime": "nodejs"}).status == 422


# Never a 500

VALUES = [None, True, False, 0, -1, 1, 2**31, 2**32, 2**63 - 1, 0.5, 1e300, "", "x", "\u0000", "é" * 400, "\ufffe\U0010ffff", "a" * 70000,
          [], [[]], {}, {"a": 1}, {"A": "b"}, "****", "python", "inactive", "never", "../..", "%s%n", "'; DROP TABLE functions; --"]
FIELDS = ["name", "code", "description", "runtime", "handler", "status", "network_enabled", "public_logs", "limits", "concurrency",
          "snapstart", "project_id", "access", "rate_limit", "client_rate_limit", "queue", "reuse", "environment", "input", "id", "active_version"]


def mutated(dice):
    body = {"name": name(), "code": CODE}
    for _ in range(dice.randrange(1, 4)):
        field = dice.choice(FIELDS)
        body[field] = dice.choice(VALUES)
        if dice.random() < 0.2:
            body["limits"] = {dice.choice(list(RANGES)): dice.choice(VALUES)}
        if dice.random() < 0.2:
            body["environment"] = {dice.choice(["A", "", "PATH", "é", "A" * 300]): dice.choice(VALUES)}
    if dice.random() < 0.2:
        body.pop(dice.choice(list(body)))
    text = bytearray(json.dumps(body, ensure_ascii=dice.random() < 0.5).encode(errors="surrogatepass"))
    while dice.random() < 0.3 and text:
        at = dice.randrange(len(text))
        text[at:at + dice.randrange(3)] = dice.choice([b"", b"\0", b"\xff", b'"', b"{", b"\\u", b"1e9999"])
    return bytes(text)


def test_no_mutated_body_is_ever_a_500(shared):
    dice = random.Random(3)
    fn = shared.create(CODE)
    for _ in range(500):
        method, path = dice.choice([("POST", "/api/functions"), ("PUT", f"/api/functions/{fn['id']}"),
                                    ("POST", f"/api/invoke/{fn['id']}"), ("PUT", f"/api/functions/{fn['id']}/versions/1")])
        body = mutated(dice)
        reply = shared.request(method, path, body, headers={"Content-Type": "application/json"})
        assert reply.status < 500, (method, path, body[:500], reply.body)
        reply.json
    shown = shared.request("GET", f"/api/functions/{fn['id']}")
    assert shown.status == 200
    assert shared.request("GET", "/api/functions").status == 200


def test_no_mutated_archive_is_ever_a_500(shared):
    dice = random.Random(4)
    whole = tar(MAIN, ("lib/x.py", b"y" * 600), ("n" * 150, b"long"), ("virga.json", b'{"limits": {"pids": 9}}'),
                special(tarfile.DIRTYPE, "d"), ("ü", b"pax"), form=tarfile.PAX_FORMAT)
    wanted = name()
    for _ in range(300):
        archive = bytearray(whole)
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(archive))
            if dice.random() < 0.8:
                block = at // 512 * 512
                at = block + dice.randrange(min(512, len(archive) - block))
                archive[at] = dice.choice(b"\0\xff/.07 LxK5")
                header = archive[block:block + 512]  # with a checksum that fits again, most of the time
                header[148:156] = b" " * 8
                archive[block + 148:block + 156] = b"%06o\0 " % sum(header)
            else:
                del archive[at:at + dice.randrange(1, 600)]
        reply = shared.request("POST", f"/api/deploy?name={wanted}", bytes(archive), headers={"Content-Type": "application/x-tar"})
        assert reply.status in (200, 422), reply.body
        reply.json


def test_no_odd_query_or_path_is_ever_a_500(shared):
    dice = random.Random(5)
    parts = ["%00", "%ff", "%c3%28", "..", ".", "//", "?", "&", "=", "before=", "after=", "limit=", "1", ID, "-1", "%27", "%25", "*", ":id",
             "x" * 300, "versions", "invocations", "functions", "%2f"]
    fn = shared.create(CODE)
    for _ in range(400):
        tail = "".join(dice.choice(parts) for _ in range(dice.randrange(1, 5)))
        base = dice.choice(["/api/functions?", "/api/functions/", f"/api/functions/{fn['id']}/invocations?",
                            f"/api/functions/{fn['id']}/versions?", f"/api/functions/{fn['id']}/versions/", "/api/deploy?", "/", "/metrics?"])
        method = dice.choice(["GET", "GET", "PUT", "POST", "DELETE"])
        if method == "DELETE" and fn["id"] in tail:
            continue
        reply = shared.request(method, base + tail, b"{}" if method != "GET" else None)
        assert reply.status < 500, (method, base + tail, reply.body)
    assert "request failed" not in shared.log_text()
