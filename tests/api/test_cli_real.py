"""The command line against the real server: what people type, what programs read, and the exit statuses."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess

import pytest

from virga import PROGRAM

CODE = "def handler(event):\n    print('seen', event)\n    return {'got': event}\n"
DONE, FAILED, USAGE, SERVER = 0, 1, 2, 3


class Cli:
    """Runs the binary as a user beside the server would: the key is found through VIRGA_DATA_DIR."""

    def __init__(self, server, home):
        self.home = home
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm", "VIRGA_DATA_DIR": str(server.data),
                    "VIRGA_SERVER": f"http://127.0.0.1:{server.port}"}

    def __call__(self, *args, stdin="", **env):
        done = subprocess.run([PROGRAM, *map(str, args)], input=stdin, env={**self.env, **env}, cwd=self.home,
                              capture_output=True, text=True, timeout=120)
        assert "\x1b" not in done.stdout + done.stderr, "no colours on a pipe"
        return done

    def ok(self, *args, **more):
        done = self(*args, **more)
        assert done.returncode == DONE, (args, done.stdout, done.stderr)
        return done.stdout

    def json(self, *args, **more):
        return json.loads(self.ok(*args, "--json", **more))


@pytest.fixture
def cli(shared, tmp_path):
    return Cli(shared, tmp_path)


@pytest.fixture
def name(cli):
    """A deployed function of its own."""
    wanted = f"cli-{os.urandom(4).hex()}"
    (cli.home / f"{wanted}.py").write_text(CODE)
    cli.ok("deploy", f"{wanted}.py")
    return wanted


# Deploy

def test_a_file_is_deployed_under_its_name_and_called(cli):
    (cli.home / "hello.py").write_text(CODE)
    said = cli.ok("deploy", "hello.py")
    assert "deployed hello version 1" in said and "curl -X POST" in said
    assert json.loads(cli.ok("invoke", "hello", '{"a": 1}')) == {"got": {"a": 1}}
    assert "version 2" in cli.ok("deploy", "hello.py")


def test_the_curl_line_that_is_printed_works(cli):
    (cli.home / "curled.py").write_text(CODE)
    said = cli.ok("deploy", "curled.py")
    line = next(x for x in said.splitlines() if "curl -X POST" in x)
    done = subprocess.run(["sh", "-c", line.replace("curl", "curl -s", 1)], capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["output"] == {"got": {}}, done


def test_a_directory_with_settings_is_deployed(cli, shared):
    at = cli.home / "api"
    (at / "lib").mkdir(parents=True)
    (at / ".git").mkdir()
    (at / ".git" / "secret").write_text("x")
    (at / "main.py").write_text("import os\nfrom lib.x import y\ndef handler(event): return [y, os.environ['MODE']]\n")
    (at / "lib" / "x.py").write_text("y = 'from lib'\n")
    (at / "virga.json").write_text(json.dumps({"name": "from-settings", "limits": {"timeout_ms": 4321}, "environment": {"MODE": "file"}}))
    fn = cli.json("deploy", "api")
    assert fn["name"] == "from-settings" and fn["limits"]["timeout_ms"] == 4321
    assert [f["path"] for f in fn["files"]] == ["lib/x.py", "main.py"]
    assert json.loads(cli.ok("invoke", "from-settings")) == ["from lib", "file"]
    fn = cli.json("deploy", at, "--name", "by-option", "--memory", "64m", "--timeout", "5s", "--env", "MODE=option")
    assert fn["name"] == "by-option" and fn["limits"]["memory_mb"] == 64 and fn["limits"]["timeout_ms"] == 5000
    assert json.loads(cli.ok("invoke", "by-option")) == ["from lib", "option"]


def test_node_and_provided_are_deployed_by_their_entry_files(cli):
    (cli.home / "n.js").write_text("exports.handler = async (event) => event.n * 2")
    assert cli.json("deploy", "n.js")["runtime"] == "nodejs"
    assert json.loads(cli.ok("invoke", "n", '{"n": 21}')) == 42


def test_a_deploy_loads_the_code_and_says_where_it_fails(cli, shared):
    file = cli.home / "tried.py"
    file.write_text(CODE)
    fn = cli.json("deploy", "tried.py")
    assert not shared.call(fn)["cold_start"] and shared.metric("virga_functions") > 0
    file.write_text("def handler(event):\n    return (1\n")
    done = cli("deploy", "tried.py")
    assert done.returncode == FAILED and "deployed tried version 2" in done.stdout
    assert done.stderr.startswith("main.py:2:12: SyntaxError: '(' was never closed")
    assert "deployed tried version 3" in cli.ok("deploy", "tried.py", "--no-load")


def test_a_symbolic_link_is_never_followed(cli):
    at = cli.home / "linked"
    at.mkdir()
    (at / "main.py").write_text(CODE)
    (at / "leak").symlink_to("/etc/passwd")
    done = cli("deploy", "linked")
    assert done.returncode == USAGE and "leak" in done.stderr and "outside" in done.stderr
    (at / "leak").unlink()
    (at / "inside").symlink_to("main.py")
    done = cli("deploy", "linked", "--json")
    assert done.returncode == DONE and "inside" in done.stderr
    assert [f["path"] for f in json.loads(done.stdout)["files"]] == ["main.py"]


@pytest.mark.parametrize("args, words", [
    (["no-such-file.py"], "no-such-file.py"), (["empty"], ""), ([], "missing"), (["x.py", "y.py"], "too much"),
    (["ok.py", "--runtime", "ruby"], "ruby"), (["ok.py", "--name", "a/b"], "letters"), (["ok.py", "--memory", "lots"], "memory"),
    (["ok.py", "--memory", "1m"], "memory_mb"), (["ok.py", "--env", "novalue"], "KEY=VALUE"), (["ok.py", "--nope"], "--nope"),
    (["broken"], "virga.json"), (["slip"], "no setting 'memory'")])
def test_a_deploy_that_cannot_be_says_why(cli, args, words):
    (cli.home / "ok.py").write_text(CODE)
    (cli.home / "empty").mkdir()
    (cli.home / "slip").mkdir()
    (cli.home / "slip" / "main.py").write_text(CODE)
    (cli.home / "slip" / "virga.json").write_text('{"memory": 64}')
    (cli.home / "broken").mkdir()
    (cli.home / "broken" / "main.py").write_text(CODE)
    (cli.home / "broken" / "virga.json").write_text("{")
    done = cli("deploy", *args)
    assert done.returncode in (USAGE, SERVER) and done.stdout == "" and done.stderr.startswith("virga: ") and words in done.stderr, done


# Invoke

def test_input_is_json_a_file_or_standard_input(cli, name):
    (cli.home / "event.json").write_text('{"from": "a file"}')
    assert json.loads(cli.ok("invoke", name)) == {"got": {}}
    assert json.loads(cli.ok("invoke", name, "[1, 2]")) == {"got": [1, 2]}
    assert json.loads(cli.ok("invoke", name, "@event.json")) == {"got": {"from": "a file"}}
    assert json.loads(cli.ok("invoke", name, "-", stdin='"ü"')) == {"got": "ü"}
    assert cli.ok("invoke", name, str(10**40)).strip() == '{"got":%d}' % 10**40, "numbers pass unrounded"


def test_what_was_printed_goes_to_standard_error(cli, name):
    done = cli("invoke", name, "5")
    assert done.stdout == '{"got":5}\n' and "seen 5" in done.stderr
    assert "seen" not in cli("invoke", name, "5", "--quiet").stderr


def test_a_function_that_fails_is_status_1_and_shows_its_traceback(cli):
    (cli.home / "bad.py").write_text("def handler(event): raise ValueError('no luck')")
    cli.ok("deploy", "bad.py")
    done = cli("invoke", "bad")
    assert done.returncode == FAILED and done.stdout == "" and "ValueError: no luck" in done.stderr and "line 1" in done.stderr
    told = cli("invoke", "bad", "--json")
    assert told.returncode == FAILED and json.loads(told.stdout)["status"] == "error"


@pytest.mark.parametrize("args, status, words", [
    (["no-such-function"], SERVER, "Function not found"), (["0" * 24], SERVER, "Function not found"), ([], USAGE, "missing"),
    (["x", "{"], USAGE, "no JSON"), (["x", "@no-such-file"], USAGE, "no-such-file"), (["x", "1", "2"], USAGE, "too much"),
    (["../../x"], SERVER, "not found"), (["a b?c#d%"], SERVER, "not found")])
def test_an_invoke_that_cannot_be_says_why(cli, args, status, words):
    done = cli("invoke", *args)
    assert done.returncode == status and done.stdout == "" and words in done.stderr, done


def on_terminal(cli, *args):
    """What appears on a terminal that is standard output and error of the command."""
    master, slave = pty.openpty()
    with subprocess.Popen([PROGRAM, *args], env=cli.env, cwd=cli.home, stdin=slave, stdout=slave, stderr=slave) as running:
        os.close(slave)
        shown = b""
        while select.select([master], [], [], 60)[0]:
            try:
                shown += os.read(master, 65536)
            except OSError:
                break  # EIO: the other side has closed
        os.close(master)
        running.wait(timeout=60)
    return shown.decode()


def test_output_of_a_function_cannot_write_to_the_terminal(cli):
    (cli.home / "evil.py").write_text("import sys\ndef handler(event):\n    print('\\x1b[2J\\x1b]0;owned\\x07')\n"
                                      "    raise ValueError('\\x1b[31mred')")
    cli.ok("deploy", "evil.py")
    assert cli("invoke", "evil", "--json").returncode == FAILED
    for shown in on_terminal(cli, "invoke", "evil"), on_terminal(cli, "logs", "evil"):
        assert "owned" in shown and "\x07" not in shown and "\x1b]" not in shown and "\x1b[2J" not in shown, shown
    assert json.loads(cli.ok("logs", "evil", "--json").splitlines()[-1])["stdout"] == "\x1b[2J\x1b]0;owned\x07\n"


# Server and key

def test_a_server_that_is_not_there_is_status_3(cli):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        done = cli("list", VIRGA_SERVER=f"http://127.0.0.1:{s.getsockname()[1]}")
    assert done.returncode == SERVER and "Connection refused" in done.stderr


def test_a_key_is_found_or_asked_for(cli, shared, tmp_path):
    assert cli("list", VIRGA_KEY="vk_" + "0" * 48).returncode == SERVER
    done = cli("list", VIRGA_DATA_DIR=str(tmp_path / "nothing"))
    assert done.returncode == SERVER and "Missing auth token" in done.stderr and "owner.key" in done.stderr
    assert cli("list", "--key", shared.key, VIRGA_DATA_DIR="").returncode == DONE
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "owner.key").write_text(shared.key + "\n")
    assert cli("list", VIRGA_DATA_DIR="").returncode == DONE


# Looking after functions

def test_functions_are_listed_for_people_and_programs(cli, name):
    shown = cli.ok("list")
    assert re.search(rf"^{name} +python +1 +active ", shown, re.M) and shown.startswith("NAME")
    assert name in cli.ok("list", "--names").splitlines()
    assert name in [f["name"] for f in cli.json("list")]


def test_versions_are_listed_and_rolled_back(cli, name):
    (cli.home / f"{name}.py").write_text("def handler(event): return 'two'")
    cli.ok("deploy", f"{name}.py")
    assert re.search(r"^2 +active", cli.ok("versions", name), re.M)
    assert "version 1 is active now, 2 was before" in cli.ok("rollback", name)
    assert json.loads(cli.ok("invoke", name)) == {"got": {}}
    assert [v["active"] for v in cli.json("versions", name)] == [False, True]
    assert cli.json("rollback", name, "2")["active_version"] == 2
    for args, status, words in [(["9"], SERVER, "there is no version 9"), (["x"], USAGE, "no version number"), (["0"], USAGE, "0")]:
        done = cli("rollback", name, *args)
        assert done.returncode == status and words in done.stderr
    cli.ok("rollback", name, "1")
    assert "oldest" in cli("rollback", name).stderr


def test_a_function_is_deleted_only_when_meant(cli, name):
    done = cli("delete", name)
    assert done.returncode == USAGE and "--yes" in done.stderr
    assert cli.ok("delete", name, "--yes") == f"deleted {name}\n"
    done = cli("delete", name, "--yes")
    assert done.returncode == SERVER and "not found" in done.stderr
    (cli.home / "again.py").write_text(CODE)
    cli.ok("deploy", "again.py")
    assert cli.json("delete", "again", "-y") == {"detail": "Function deleted"}


# Logs

def test_logs_show_calls_oldest_first_with_what_they_printed(cli, name):
    for n in range(3):
        cli.ok("invoke", name, str(n))
    shown = cli.ok("logs", name)
    assert re.findall(r"seen (\d)", shown) == ["0", "1", "2"] and shown.count("success") == 3
    assert re.findall(r"seen (\d)", cli.ok("logs", name, "-n", "1")) == ["2"]
    told = [json.loads(line) for line in cli.ok("logs", name, "--json").splitlines()]
    assert [r["output"] for r in told] == ['{"got":0}', '{"got":1}', '{"got":2}']


def test_following_shows_a_new_call_and_ends_with_the_signal(cli, name):
    with subprocess.Popen([PROGRAM, "logs", name, "-f", "--json"], env=cli.env, cwd=cli.home, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as following:
        try:
            for n in range(2):
                cli.ok("invoke", name, str(n))
                assert select.select([following.stdout], [], [], 60)[0], "a new call is shown"
                assert json.loads(following.stdout.readline())["output"] == '{"got":%d}' % n
            following.send_signal(signal.SIGINT)
            assert following.wait(timeout=60) == DONE
        finally:
            following.kill()


# Help, doctor, completion

def test_every_command_explains_itself(cli):
    listed = cli.ok("--help")
    for command in "deploy", "invoke", "logs", "list", "versions", "rollback", "delete", "doctor", "completion", "version", "help", "serve":
        assert re.search(rf"^  {command} ", listed, re.M), command
        assert f"Usage: virga {command}" in cli.ok(command, "--help"), command
    done = cli()
    assert done.returncode == USAGE and done.stdout == ""


def test_doctor_finds_all_it_needs_here_and_prints_every_feature(cli):
    done = cli("doctor")
    told = json.loads(cli("doctor", "--json").stdout)
    assert done.returncode == DONE, done.stdout
    assert told and all(t["state"] in ("works", "weaker") for t in told)
    for t in told:
        assert t["feature"] in done.stdout
        assert t["state"] == "works" or t["fix"]


def test_completion_is_valid_in_its_shell(cli):
    for shell in "bash", "zsh", "fish":
        script = cli.ok("completion", shell)
        assert "deploy" in script and "rollback" in script
        program = f"/bin/{shell}"
        if os.access(program, os.X_OK):
            subprocess.run([program, "-n"], input=script, text=True, check=True, timeout=60)
    assert cli("completion", "tcsh").returncode == USAGE


def test_a_wrong_word_is_status_2_and_names_the_right_one(cli):
    done = cli("depoly")
    assert done.returncode == USAGE and "did you mean 'deploy'?" in done.stderr
