"""All files of a function, as an editor reads and writes them."""

import base64
import itertools
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from virga import Server

MAIN = "from lib import greet\n\n\ndef handler(event):\n    return greet.hello(event)\n"
GREET = "def hello(event):\n    return 'hello'\n"
LOGO = bytes(range(256))
PASSWORD = "correct horse battery"


def name():
    return f"f{os.urandom(6).hex()}"


def made(server, **more):
    """A function of a tree of files."""
    files = [{"path": "main.py", "text": MAIN}, {"path": "lib/greet.py", "text": GREET},
             {"path": "logo.png", "base64": base64.b64encode(LOGO).decode()}, {"path": "run.sh", "text": "#!/bin/sh\n", "mode": "0755"}]
    reply = server.request("POST", "/api/functions", {"name": name(), "files": files, **more})
    assert reply.status == 200, reply.body
    return reply.json


def path_of(function):
    return f"/api/functions/{function['id']}"


def read(server, function, version):
    reply = server.request("GET", f"{path_of(function)}/versions/{version}/files")
    assert reply.status == 200, reply.body
    assert reply.json["version"] == version and reply.json["function_id"] == function["id"]
    return {f["path"]: f for f in reply.json["files"]}


def save(server, function, files, **more):
    return server.request("PUT", path_of(function), {"files": files, **more})


def place(reply):
    assert reply.status == 422, (reply.status, reply.body)
    return ".".join(map(str, reply.json["detail"][0]["loc"]))


def test_what_is_written_is_read_and_runs(shared):
    fn = made(shared)
    assert fn["active_version"] == 1 and fn["code"] == MAIN
    files = read(shared, fn, 1)
    assert list(files) == ["lib/greet.py", "logo.png", "main.py", "run.sh"]
    assert files["main.py"] == {"path": "main.py", "size": len(MAIN), "mode": "0644", "text": MAIN}
    assert files["logo.png"] == {"path": "logo.png", "size": 256, "mode": "0644", "text": None}
    assert files["run.sh"]["mode"] == "0755"
    assert shared.call(fn)["output"] == "hello"


def test_files_of_an_archive_are_read_and_an_edit_keeps_the_rest(shared):
    fn = shared.deploy({"main.py": MAIN.encode(), "lib/greet.py": GREET.encode(), "data.bin": LOGO, "go": (b"x", 0o755)},
                       name(), runtime="python").json
    edited = [{"path": p} for p in read(shared, fn, 1) if p != "lib/greet.py"]
    after = save(shared, fn, [*edited, {"path": "lib/greet.py", "text": "def hello(event):\n    return len(open('/code/data.bin','rb').read())\n"}])
    assert after.json["active_version"] == 2, after.body
    assert {f["path"]: f["mode"] for f in after.json["files"]} == {"data.bin": "0644", "go": "0755", "lib/greet.py": "0644", "main.py": "0644"}
    assert shared.call(fn)["output"] == 256
    assert read(shared, fn, 1)["lib/greet.py"]["text"] == GREET, "the older version stays as it was"


def test_a_file_that_is_not_named_is_gone(shared):
    fn = made(shared)
    code = "def handler(event):\n    return 'alone'\n"
    assert save(shared, fn, [{"path": "main.py", "text": code}]).json["active_version"] == 2
    assert list(read(shared, fn, 2)) == ["main.py"]
    assert shared.call(fn)["output"] == "alone"
    assert place(save(shared, fn, [{"path": "main.py"}, {"path": "logo.png"}])) == "body.files.1.path"


@pytest.mark.parametrize("text", ["", "\n", "\ufeffx", "a\tb\x01\x7f", "\u2028", "\N{GRINNING FACE}" * 1000, "\\\"</script>", "r\r\n"])
def test_text_comes_back_as_it_was_sent(shared, text):
    fn = made(shared)
    save(shared, fn, [{"path": "main.py"}, {"path": "lib/greet.py"}, {"path": "text", "text": text}])
    shown = read(shared, fn, 2)["text"]
    assert shown["text"] == text and shown["size"] == len(text.encode())


def test_a_name_of_any_script_is_a_path(shared):
    fn = made(shared)
    wanted = "ordner/\u00e4 \u6587\u4ef6 'x'.txt"
    assert save(shared, fn, [{"path": "main.py"}, {"path": wanted, "text": "1"}]).status == 200
    assert read(shared, fn, 2)[wanted]["text"] == "1"


def test_files_and_handler_and_runtime_change_together(shared):
    fn = made(shared)
    reply = save(shared, fn, [{"path": "index.mjs", "text": "export const run = async () => 'node'\n"}, {"path": "logo.png"}],
                 runtime="nodejs", handler="index.run")
    assert reply.json["runtime"] == "nodejs" and reply.json["code"].startswith("export"), reply.body
    assert shared.call(fn)["output"] == "node"


def test_a_new_bootstrap_can_be_executed(shared):
    files = [{"path": "bootstrap", "text": "#!/bin/sh\n"}, {"path": "other", "text": "#!/bin/sh\n"}]
    fn = shared.request("POST", "/api/functions", {"name": name(), "runtime": "provided", "files": files}).json
    assert [f["mode"] for f in fn["files"]] == ["0755", "0644"]


def test_one_version_is_what_the_list_shows(shared):
    fn = made(shared)
    save(shared, fn, [{"path": "main.py", "text": "2"}])
    listed = shared.request("GET", f"{path_of(fn)}/versions").json
    assert [shared.request("GET", f"{path_of(fn)}/versions/{v['version']}").json for v in listed] == listed
    for missing in ("3", "3/files", "0"):
        reply = shared.request("GET", f"{path_of(fn)}/versions/{missing}")
        assert reply.status == 404 and reply.json == {"detail": "Version not found"}


def test_one_of_many_saves_on_the_same_base_wins_and_the_others_change_nothing(shared):
    fn = made(shared)

    def edit(i):
        return save(shared, fn, [{"path": "main.py", "text": f"# {i}"}], base_version=1)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(edit, range(8)))
    assert sorted(r.status for r in replies) == [200] + [409] * 7
    assert {r.json["detail"] for r in replies if r.status == 409} == {"Version 2 is active by now; this change is based on version 1"}
    winner = next(r for r in replies if r.status == 200).json
    assert read(shared, fn, 2)["main.py"]["text"] == winner["code"]
    assert len(shared.request("GET", f"{path_of(fn)}/versions").json) == 2


def test_a_rollback_is_another_base(shared):
    fn = made(shared)
    save(shared, fn, [{"path": "main.py", "text": "2"}], base_version=1)
    shared.request("PUT", f"{path_of(fn)}/versions/1")
    assert save(shared, fn, [{"path": "main.py"}], base_version=2).status == 409
    reply = save(shared, fn, [{"path": "main.py"}], base_version=1)
    assert reply.json["active_version"] == 3 and reply.json["code"] == MAIN


def test_a_refused_set_of_files_leaves_no_version(shared):
    fn = made(shared)
    wrong = [[], [{"path": "a"}], [{"path": "a", "text": "1"}, {"path": "a/b", "text": "1"}], [{"path": "virga.json", "text": "{}"}]]
    for files in wrong:
        assert save(shared, fn, files).status == 422
    assert place(save(shared, fn, [{"path": "a", "text": ""}], code="x")) == "body.files"
    assert shared.request("GET", path_of(fn)).json == fn


def test_careless_values_are_refused_with_their_place(shared):
    fn = made(shared)
    values = [None, True, 7, 1.5, [], {}, "", "\u0000", "\ud800", "x" * 100_000, "../../etc/passwd", "/", "a//b", "\x7f", "AAA", "0777"]
    for member, value in itertools.product(("path", "text", "base64", "mode"), values):
        body = json.dumps({"files": [{"path": "ok", "text": "x"}, {"path": "a", member: value}]}).encode()
        reply = shared.request("PUT", path_of(fn), body, headers={"Content-Type": "application/json"})
        assert reply.status in (200, 422), (member, value, reply.status, reply.body)
        if reply.status == 422 and value not in ("\u0000", "\ud800"):
            assert place(reply).startswith("body.files.1."), (member, value, reply.body)
        if member in ("path", "mode"):
            assert reply.status == 422, (member, value, reply.body)


def test_a_version_has_no_more_bytes_than_a_body_may_have(tmp_path):
    with Server(tmp_path, "--max-body", "1") as server:
        fn = server.create("x")
        half = "x" * 600_000
        assert save(server, fn, [{"path": "a", "text": half}]).status == 200
        reply = save(server, fn, [{"path": "a"}, {"path": "b", "text": half}])
        assert place(reply) == "body.files" and "1048576 bytes" in reply.json["detail"][0]["msg"]


def test_viewers_read_files_and_only_editors_write_them(tmp_path):
    with Server(tmp_path, "--registration", "open") as server:
        project = server.request("POST", "/api/projects", {"name": "p"}).json
        fn = made(server, project_id=project["id"])
        keys = {}
        for who in ("viewer", "editor", "stranger"):
            account = server.request("POST", "/api/register", {"name": who, "password": PASSWORD}, key=False).json
            keys[who] = account["token"]
            if who != "stranger":
                server.request("PUT", f"/api/projects/{project['id']}/members/{account['account']['id']}", {"role": who})
        for where in ("versions/1", "versions/1/files"):
            statuses = [server.request("GET", f"{path_of(fn)}/{where}", key=k).status for k in (*keys.values(), False)]
            assert statuses == [200, 200, 404, 401], where
        change = {"files": [{"path": "main.py"}]}
        assert [server.request("PUT", path_of(fn), change, key=k).status for k in keys.values()] == [403, 200, 404]
