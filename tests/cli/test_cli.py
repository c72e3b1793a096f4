"""The command line from the outside, against a server in miniature (server.py)."""

import json
import os
import re
import socket
import subprocess

import pytest

from harness import DEADLINE_S, ROOT, VIRGA
from server import KEY, call

ESCAPE = "\x1b"


# Usage

def test_help_lists_every_command_and_succeeds(cli):
    done = cli("--help")
    assert done.returncode == 0 and done.stderr == ""
    for name in ("serve", "doctor", "deploy", "invoke", "list", "logs", "rollback", "delete",
                 "versions", "version", "completion"):
        assert re.search(rf"^  {name} ", done.stdout, re.M), name


@pytest.mark.parametrize("name", ["doctor", "deploy", "invoke", "list", "logs", "rollback",
                                  "delete", "versions", "version", "completion"])
def test_each_command_explains_itself(cli, name):
    done = cli(name, "--help")
    assert done.returncode == 0
    assert f"Usage: virga {name}" in done.stdout and "--json" in done.stdout
    assert cli("help", name).stdout == done.stdout


def test_without_a_command_the_help_goes_to_standard_error(cli):
    done = cli()
    assert (done.returncode, done.stdout) == (2, "") and "Usage" in done.stderr


def test_an_unknown_command_suggests_the_nearest(cli):
    done = cli("deply")
    assert done.returncode == 2 and "did you mean 'deploy'?" in done.stderr
    assert "did you mean" not in cli("xyzzyxyzzy").stderr


@pytest.mark.parametrize("args", [("list", "extra"), ("deploy",), ("list", "--nope"),
                                  ("completion", "tcsh"), ("logs", "x", "-n", "0"),
                                  ("list", "--server", "ftp://x"), ("list", "--key", "a b"),
                                  ("list", "--server", "http://u:p@127.0.0.1"), ("invoke", "")])
def test_wrong_usage_ends_with_status_2(cli, args):
    done = cli(*args)
    assert done.returncode == 2 and done.stderr.startswith("virga: ") and done.stdout == ""


def test_the_version_is_printed_for_people_and_programs(cli):
    version = (ROOT / "VERSION").read_text().strip()
    assert cli("version").stdout == f"virga {version}\n" == cli("--version").stdout
    assert json.loads(cli("version", "--json").stdout) == {"version": version}


def test_doctor_names_states_and_fixes(cli):
    results = json.loads(cli("doctor", "--json").stdout)
    assert results and all(set(r) == {"feature", "state", "detail", "fix"} for r in results)
    assert {r["state"] for r in results} <= {"works", "weaker", "missing"}
    missing = any(r["state"] == "missing" for r in results)
    done = cli("doctor")
    assert done.returncode == (1 if missing else 0)
    assert done.stdout.rstrip().splitlines()[-1].startswith(("'virga serve' ", "which gives up "))


def test_output_that_cannot_be_written_is_no_success(cli):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([VIRGA, "version"], env=cli.env, stdout=full, stderr=subprocess.PIPE,
                              text=True, timeout=DEADLINE_S)
    assert done.returncode == 2 and "No space left" in done.stderr


# Server and key

def test_output_that_is_closed_is_no_success_and_does_not_reach_the_server(cli, api):
    api.add("a-name")
    done = subprocess.run(["sh", "-c", f"exec {VIRGA} list >&-"], env=cli.env, capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 2 and "write the output" in done.stderr
    assert len(api.requests) == 1 and subprocess.run(["sh", "-c", f"exec {VIRGA} list 2>&-"], env=cli.env,
                                                     capture_output=True, timeout=DEADLINE_S).returncode == 0


def test_a_url_that_is_nearly_one_is_told(cli):
    done = cli("list", "--server", "127.0.0.1:8000")
    assert done.returncode == 2 and "is http://127.0.0.1:8000 meant?" in done.stderr
    with socket.create_server(("127.0.0.1", 0)) as plain:
        url = f"https://127.0.0.1:{plain.getsockname()[1]}"
        with subprocess.Popen([VIRGA, "list", "--server", url], env=cli.env, stderr=subprocess.PIPE, text=True) as running:
            client = plain.accept()[0]
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert "does it speak TLS?" in running.communicate(timeout=DEADLINE_S)[1] and running.returncode == 3
            client.close()


def test_a_server_that_is_not_there_is_status_3(cli):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        done = cli("list", "--server", f"http://127.0.0.1:{s.getsockname()[1]}")
    assert done.returncode == 3 and done.stdout == ""
    assert "Connection refused" in done.stderr and "virga serve" in done.stderr


def test_a_missing_key_says_where_it_was_looked_for(cli, tmp_path):
    done = cli("list", VIRGA_KEY="", VIRGA_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 3 and "Missing auth token" in done.stderr
    assert str(tmp_path / "data" / "owner.key") in done.stderr
    assert "./var/owner.key" in done.stderr and "--key" in done.stderr


def test_the_key_is_read_from_the_data_directory(cli, api, tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "owner.key").write_text(KEY + "\n")
    assert cli("list", VIRGA_KEY="").returncode == 0
    assert api.requests[-1][2]["Authorization"] == f"Bearer {KEY}"


def test_a_key_file_that_is_a_fifo_does_not_hold_us(cli, tmp_path):
    os.mkfifo(tmp_path / "owner.key")
    done = cli("list", VIRGA_KEY="", VIRGA_DATA_DIR=str(tmp_path))
    assert done.returncode == 3 and "no regular file" in done.stderr


def test_the_key_file_is_not_sent_to_another_machine(cli, api, tmp_path):
    """A name that is not loopback goes to a proxy, which is our server: it must see no key."""
    (tmp_path / "owner.key").write_text(KEY)
    done = cli("list", "--server", "http://127.example.org", VIRGA_KEY="",
               VIRGA_DATA_DIR=str(tmp_path), http_proxy=api.url)
    assert done.returncode == 3 and "this machine only" in done.stderr
    assert api.requests and all("Authorization" not in r[2] for r in api.requests)


def test_a_loopback_server_is_not_asked_through_a_proxy(cli):
    assert cli("list", http_proxy="http://127.0.0.1:1").returncode == 0


def test_an_open_server_needs_no_key(cli, api):
    api.key = None
    assert cli("list", VIRGA_KEY="").returncode == 0
    assert "Authorization" not in api.requests[-1][2]


def test_validation_errors_are_one_line_each(cli, api):
    api.canned = (422, {"detail": [
        {"loc": ["body", "name"], "msg": "Input should be a valid string", "type": "string_type"},
        {"loc": ["body", "limits", 0], "msg": "Too small", "type": "x"},
        {"loc": ["body"], "msg": "Field required", "type": "missing"}]}, {})
    done = cli("list")
    assert done.returncode == 3
    assert done.stderr == ("virga: name: Input should be a valid string\n"
                           "virga: limits.0: Too small\nvirga: body: Field required\n")


def test_a_busy_server_says_when_to_come_back(cli, api):
    api.canned = (429, {"detail": "too many calls"}, {"Retry_After": "7"})
    done = cli("list")
    assert (done.returncode, done.stderr) == (3, "virga: too many calls (try again in 7 s)\n")


@pytest.mark.parametrize("status, body", [(200, b"<html>"), (502, b"oops"), (500, b""),
                                          (422, b'{"detail": 5}'), (200, b"")])
def test_an_answer_that_is_no_api_answer_is_status_3(cli, api, status, body):
    api.canned = (status, body, {})
    done = cli("list")
    assert done.returncode == 3 and done.stdout == "" and done.stderr.startswith("virga: ")


STRANGE = [b"[]", b"null", b"5", b'[null]', b'{"id": 5}', b'{"id":"a"}', b'[{"name":"x\\u0000y"}]',
           b'{"id":"a","active_version":"x"}', b"9" * 400]


@pytest.mark.parametrize("args", [("list",), ("logs", "x"), ("versions", "x"), ("rollback", "x"),
                                  ("invoke", "x"), ("delete", "x", "--yes"), ("list", "--names")])
def test_answers_of_a_strange_shape_do_not_crash(cli, api, args):
    for body in STRANGE:
        api.canned = (200, body, {})
        assert cli(*args).returncode in (0, 1, 2, 3), body


# list, versions, rollback, delete

def test_list_is_an_aligned_table(cli, api):
    api.add("hello")
    api.add("h\u00e9llo-w\u00f6rld", versions=3)
    heading, *rows = cli("list").stdout.splitlines()
    assert heading.split() == ["NAME", "RUNTIME", "VERSION", "STATUS", "NETWORK", "UPDATED", "ID"]
    assert {heading.index("RUNTIME")} == {r.index("python") for r in rows}
    assert rows[1].split()[:4] == ["h\u00e9llo-w\u00f6rld", "python", "3", "active"]


def test_list_as_json_is_what_the_server_sent(cli, api):
    api.add("hello")
    done = cli("list", "--json")
    assert json.loads(done.stdout) == list(api.functions.values()) and done.stdout.count("\n") == 1


def test_list_names_prints_names_only(cli, api):
    api.add("one")
    api.add("two")
    assert cli("list", "--names").stdout == "one\ntwo\n"


def test_a_list_of_several_pages_is_shown_whole(cli, api):
    for n in range(1500):
        api.add(f"f{n}")
    assert len(cli("list", "--names").stdout.splitlines()) == 1500
    assert json.loads(cli("list", "--json").stdout) == list(api.functions.values())


def test_an_empty_list_says_what_to_do_next(cli):
    done = cli("list")
    assert (done.returncode, done.stdout) == (0, "") and "virga deploy" in done.stderr


def test_versions_mark_the_active_one(cli, api):
    api.add("hello", versions=2)
    rows = [line.split()[:2] for line in cli("versions", "hello").stdout.splitlines()]
    assert rows == [["VERSION", "STATE"], ["2", "active"], ["1", "-"]]


def test_rollback_goes_to_the_version_before_the_active_one(cli, api):
    api.add("hello", versions=3)
    assert cli("rollback", "hello").stdout == "hello: version 2 is active now, 3 was before\n"
    assert api.functions["hello"]["active_version"] == 2
    assert cli("rollback", "hello", "3").stdout == "hello: version 3 is active now, 2 was before\n"
    assert "nothing changed" in cli("rollback", "hello", "3").stdout


def test_rollback_of_the_oldest_version_is_refused(cli, api):
    api.add("hello")
    done = cli("rollback", "hello")
    assert done.returncode == 2 and "version 1 is the oldest" in done.stderr
    assert cli("rollback", "hello", "-5").returncode == 2


def test_delete_needs_yes_when_nobody_can_answer(cli, api):
    api.add("hello")
    done = cli("delete", "hello", stdin="y\n")
    assert done.returncode == 2 and "--yes" in done.stderr and "hello" in api.functions
    assert cli("delete", "hello", "--yes").stdout == "deleted hello\n"
    assert not api.functions


def test_delete_asks_on_a_terminal(cli, api):
    api.add("hello")
    status, shown = cli.on_terminal("delete", "hello", typed="n\n")
    assert status == 2 and "[y/N]" in shown and "hello" in api.functions
    status, shown = cli.on_terminal("delete", "hello", typed="y\n")
    assert status == 0 and not api.functions


def test_a_function_that_is_not_there_is_named(cli):
    done = cli("versions", "nope")
    assert (done.returncode, done.stderr) == (3, "virga: nope: Function not found; 'virga list' shows all\n")


def test_a_name_cannot_change_the_path(cli, api):
    cli("delete", "../invoke/x?y#z", "--yes")
    assert api.requests[-1][1] == "/api/functions/..%2Finvoke%2Fx%3Fy%23z"
    cli("delete", "..", "--yes")
    assert api.requests[-1][1] == "/api/functions/.."


# deploy

def test_a_file_becomes_a_function(cli, api, tmp_path):
    (tmp_path / "hello.py").write_text("def handler(e): return 1\n")
    done = cli("deploy", "hello.py")
    assert done.returncode == 0, done.stderr
    assert api.files == {"main.py": (0o644, b"def handler(e): return 1\n")}
    assert done.stdout.startswith("deployed hello version 1\n")
    id_ = api.functions["hello"]["id"]
    assert f"curl -X POST '{api.url}/api/invoke/{id_}'" in done.stdout
    assert cli("deploy", "hello.py").stdout.startswith("deployed hello version 2\n")


def test_the_printed_curl_line_works(cli, api, tmp_path):
    (tmp_path / "hello.py").write_text("x")
    line = cli("deploy", "hello.py").stdout.splitlines()[-1].strip()
    done = subprocess.run(["bash", "-c", line.replace("curl ", "curl -s ", 1)], text=True,
                          capture_output=True, timeout=DEADLINE_S)
    assert json.loads(done.stdout)["success"] is True
    assert api.requests[-1][2]["Content-Type"] == "application/json"


@pytest.mark.parametrize("name, mode, entry", [
    ("a.js", 0o644, "index.js"), ("a.mjs", 0o644, "index.mjs"), ("a.cjs", 0o755, "index.cjs"),
    ("tool", 0o755, "bootstrap")])
def test_the_entry_is_told_by_the_file(cli, api, tmp_path, name, mode, entry):
    (tmp_path / name).write_text("x")
    (tmp_path / name).chmod(mode)
    assert cli("deploy", name).returncode == 0
    assert api.files == {entry: (0o755 if entry == "bootstrap" else 0o644, b"x")}


def test_a_file_of_an_unknown_kind_is_refused(cli, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    done = cli("deploy", "a.txt")
    assert done.returncode == 2 and "what language" in done.stderr
    assert cli("deploy", "missing.py").returncode == 2


def test_a_directory_is_uploaded_whole(cli, api, tmp_path):
    deep = "/".join(["d" * 60] * 4) + "/" + "n" * 120 + ".py"
    for path in ("main.py", "node_modules/x/y.js", ".git/HEAD", "__pycache__/m.pyc", "a.pyc",
                 ".venv/bin/python", "secret.env", "\u00fc/\u00e4.txt", deep):
        file = tmp_path / "app" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    (tmp_path / "app" / ".virgaignore").write_text("*.env\n")
    (tmp_path / "app" / "link.py").symlink_to("main.py")
    done = cli("deploy", "app")
    assert done.returncode == 0 and "link.py" in done.stderr
    assert set(api.files) == {"main.py", "node_modules/x/y.js", "\u00fc/\u00e4.txt", deep}
    assert api.files[deep][1].decode() == deep
    assert "app" in api.functions


def test_the_current_directory_has_a_name(cli, api, tmp_path):
    (tmp_path / "main.py").write_text("x")
    assert cli("deploy", ".").returncode == 0 and tmp_path.name in api.functions


def test_a_link_that_leads_outside_is_refused(cli, api, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").symlink_to("/etc/passwd")
    done = cli("deploy", "app")
    assert done.returncode == 2 and "leads outside" in done.stderr and not api.requests


def test_options_are_merged_into_virga_json(cli, api, tmp_path):
    (tmp_path / "main.py").write_text("x")
    (tmp_path / "virga.json").write_text('{"name": "mine", "environment": {"A": "1"}, "limits": {"pids": 9}}')
    done = cli("deploy", ".", "--env", "B=2=3", "--timeout", "2m", "--memory", "1g", "--reuse",
               "never", "--snapstart", "on", "--network", "on", "--cpu", "0.5", "--concurrency", "4",
               "--queue", "0")
    assert done.returncode == 0, done.stderr
    assert json.loads(api.files["virga.json"][1]) == {
        "name": "mine", "environment": {"A": "1", "B": "2=3"}, "reuse": "never", "snapstart": True,
        "network_enabled": True, "concurrency": 4, "queue": 0, "limits": {"pids": 9, "timeout_ms": 120000, "memory_mb": 1024, "cpu": 0.5}}
    assert "mine" in api.functions


def test_virga_json_is_uploaded_as_written_without_options(cli, api, tmp_path):
    (tmp_path / "main.py").write_text("x")
    (tmp_path / "virga.json").write_text('{ "name":"mine" }')
    assert cli("deploy", ".").returncode == 0
    assert api.files["virga.json"][1] == b'{ "name":"mine" }'


def test_a_broken_virga_json_names_its_line(cli, tmp_path):
    (tmp_path / "main.py").write_text("x")
    (tmp_path / "virga.json").write_text('{\n"name": }')
    done = cli("deploy", ".")
    assert done.returncode == 2 and "virga.json, line 2" in done.stderr


def test_deploy_loads_what_it_has_saved_unless_told_not_to(cli, api, tmp_path):
    (tmp_path / "hello.py").write_text("x")
    load = lambda: f"POST /api/functions/{api.functions['hello']['id']}/load"  # noqa: E731
    assert cli("deploy", "hello.py").returncode == 0 and api.asked()[-1] == load()
    api.requests.clear()
    assert cli("deploy", "hello.py", "--no-load").returncode == 0 and load() not in api.asked()
    assert "virga.json" not in api.files, "no setting"
    api.state = "inactive"
    assert cli("deploy", "hello.py").returncode == 0 and load() not in api.asked()


@pytest.mark.parametrize("problem, line", [
    ({"file": "main.py", "line": 3, "column": 7, "type": "SyntaxError", "message": "no"}, "main.py:3:7: SyntaxError: no"),
    ({"file": "lib/a.js", "line": 1, "column": None, "type": "Error", "message": "m"}, "lib/a.js:1: Error: m"),
    ({"file": "main.py", "line": 1, "column": 8, "type": "ModuleNotFoundError", "message": "m", "module": "cv2", "package": "opencv"},
     "main.py:1:8: ModuleNotFoundError: m\npackages belong to a project; in one: virga deps add opencv"),
    (None, "virga: timed out"),
])
def test_deploy_says_where_the_code_does_not_load(cli, api, tmp_path, problem, line):
    (tmp_path / "hello.py").write_text("x")
    api.loaded = {"loaded": False, "problem": problem, "error": "timed out", "traceback": "Trace\n", "stdout": "so far",
                  "stderr": ""}
    done = cli("deploy", "hello.py")
    assert (done.returncode, done.stderr) == (1, f"so far\n{line}\nTrace\n")
    assert done.stdout.startswith("deployed hello version 1\n")
    done = cli("deploy", "hello.py", "--json")
    assert done.returncode == 1 and json.loads(done.stdout) == api.functions["hello"] and line in done.stderr


@pytest.mark.parametrize("answer", [(503, {"detail": "The server is shutting down"}), (200, {})])
def test_a_load_that_is_refused_is_no_failure_of_the_code(cli, api, tmp_path, answer):
    (tmp_path / "hello.py").write_text("x")
    api.loaded = answer
    done = cli("deploy", "hello.py")
    assert done.returncode in (2, 3) and "the version is saved" in done.stderr and "--no-load" in done.stderr
    assert answer[0] != 503 or (done.returncode == 3 and "shutting down" in done.stderr)


def test_deploy_as_json_is_the_function(cli, api, tmp_path):
    (tmp_path / "hello.py").write_text("x")
    assert json.loads(cli("deploy", "hello.py", "--json").stdout) == api.functions["hello"]


# invoke

def test_the_result_is_printed_byte_for_byte(cli, api):
    api.add("f")
    api.result = b'{"success": true, "output": {"a": [0.1, 18446744073709551616, 1e400]}}'
    done = cli("invoke", "f")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == '{"a":[0.1,18446744073709551616,1e400]}\n'


@pytest.mark.parametrize("args, stdin, sent", [
    ((), "", b"{}"), (('{"a": 1.10}',), "", b'{"a": 1.10}'), (("-",), "[1]\n", b"[1]\n"),
    (("@in.json",), "", b'"file"'), (("null",), "", b"null")])
def test_the_input_comes_from_argument_file_or_pipe(cli, api, tmp_path, args, stdin, sent):
    api.add("f")
    (tmp_path / "in.json").write_text('"file"')
    assert cli("invoke", "f", *args, stdin=stdin).returncode == 0
    assert api.requests[-1][3] == b'{"input":' + sent + b"}"


@pytest.mark.parametrize("text", ["{", "{'a':1}", '1}, "x": {', "", "@missing"])
def test_input_that_is_no_json_is_not_sent(cli, api, text):
    api.add("f")
    done = cli("invoke", "f", text)
    assert done.returncode == 2 and "input" in done.stderr and not api.requests


def test_a_failed_function_is_status_1_and_says_why(cli, api):
    api.add("f")
    api.result = {"success": False, "status": "error", "error": "ValueError: no",
                  "traceback": "Traceback\n  line 1", "stdout": "out\n", "stderr": "err"}
    done = cli("invoke", "f")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "out\nerr\nvirga: error: ValueError: no\nTraceback\n  line 1\n"
    api.result["status"] = "platform_error"
    assert cli("invoke", "f").returncode == 3


def test_what_the_function_printed_goes_to_standard_error(cli, api):
    api.add("f")
    api.result = {"success": True, "output": 1, "stdout": "hi\n", "stderr": "", "status": "success"}
    done = cli("invoke", "f", "-v")
    assert done.stdout == "1\n" and done.stderr == "hi\n1.5 ms, cold\n"
    assert cli("invoke", "f", "--quiet").stderr == ""


def test_invoke_as_json_is_the_whole_answer(cli, api):
    api.add("f")
    api.result = {"success": False, "status": "timeout", "error": "too slow"}
    done = cli("invoke", "f", "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["status"] == "timeout"
    assert done.stderr == ""


def test_an_id_is_called_without_looking_it_up(cli, api):
    id_ = api.add("f")["id"]
    assert cli("invoke", id_).returncode == 0
    assert [r[1] for r in api.requests] == [f"/api/invoke/{id_}"]


# Terminals

EVIL = "\x1b]0;title\x07\x1b[31mred \u009b2J\u202e"


def test_pipes_get_no_colours(cli, api, tmp_path):
    api.add("f")
    api.calls = [call(1)]
    (tmp_path / "hello.py").write_text("x")
    for args in (("list",), ("logs", "f"), ("help",), ("deploy", "hello.py"), ("versions", "f"),
                 ("nope",), ("doctor",)):
        done = cli(*args)
        assert ESCAPE not in done.stdout + done.stderr, args


def test_terminals_get_colours_unless_told_otherwise(cli, api):
    api.add("f")
    assert ESCAPE in cli.on_terminal("list")[1]
    assert ESCAPE not in cli.on_terminal("list", NO_COLOR="1")[1]
    assert ESCAPE in cli.on_terminal("list", NO_COLOR="")[1]
    assert ESCAPE not in cli.on_terminal("list", TERM="dumb")[1]


@pytest.mark.parametrize("args", [("list",), ("list", "--json"), ("list", "--names"),
                                  ("logs", "f"), ("logs", "f", "--json"), ("invoke", "f"),
                                  ("invoke", "f", "--json"), ("rollback", "f", "1")])
def test_escape_sequences_from_a_function_do_not_reach_a_terminal(cli, api, args):
    api.add("f", versions=2, runtime=EVIL, status=EVIL)
    api.calls = [call(1, stdout=EVIL, error=EVIL, status=EVIL)]
    api.result = {"success": False, "error": EVIL, "stdout": EVIL, "traceback": EVIL,
                  "status": EVIL}
    api.functions["f"]["name"] = "f"
    _, shown = cli.on_terminal(*args, NO_COLOR="1")
    assert shown and not set(shown) & {ESCAPE, "\x07", "\u009b", "\u202e"}


def test_escape_sequences_in_an_error_do_not_reach_a_terminal(cli, api):
    api.canned = (400, {"detail": EVIL}, {})
    status, shown = cli.on_terminal("list", NO_COLOR="1")
    assert status == 3 and ESCAPE not in shown and "\\x1b[31mred" in shown


def test_json_is_indented_on_a_terminal(cli, api):
    api.add("f")
    api.result = {"success": True, "output": {"a": 1}, "status": "success"}
    shown = cli.on_terminal("invoke", "f", NO_COLOR="1")[1]
    assert '{\r\n  "a": 1\r\n}' in shown and "1.5 ms, cold" in shown
