"""The command line of several people against real servers: accounts, projects, variables, routes, keys, records."""

import json
import os
import re
import select
import signal
import subprocess

import pytest

from test_cli_real import DONE, FAILED, SERVER, USAGE, on_terminal
from virga import PROGRAM, Server, held_port, until

CODE = "import os\ndef handler(event):\n    print('seen')\n    return os.environ.get('WORD')\n"
PASSWORD = "correct horse battery"
NOW = r"(just now|\d+ s ago)"


class Person:
    """Somebody with a home of his own, who knows no key but those of his profiles."""

    def __init__(self, home):
        home.mkdir()
        self.home = home
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm", "VIRGA_DATA_DIR": str(home / "none")}

    def __call__(self, *args, stdin="", **env):
        return subprocess.run([PROGRAM, *map(str, args)], input=stdin, env={**self.env, **env}, cwd=self.home,
                              capture_output=True, text=True, timeout=120)

    def ok(self, *args, **more):
        done = self(*args, **more)
        assert done.returncode == DONE, (args, done.stdout, done.stderr)
        return done.stdout

    def json(self, *args, **more):
        return json.loads(self.ok(*args, "--json", **more))

    def refused(self, *args, words, status=SERVER, **more):
        done = self(*args, **more)
        assert done.returncode == status and words in done.stderr and done.stdout == "", done

    def login(self, server, name, *args):
        return self.ok("login", url(server), "--name", name, "--password-stdin", *args, stdin=PASSWORD)

    def deploy(self, name, code=CODE, *args):
        (self.home / f"{name}.py").write_text(code)
        return self.json("deploy", f"{name}.py", *args)


def at(held):
    return "127.0.0.1:%d" % held.getsockname()[1]


def url(server):
    return f"http://127.0.0.1:{server.port}"


def set_up(server, person):
    """The owner makes his account from the link in the server's log."""
    link = until(lambda: re.search(r"set up the first account: (\S+)", server.log_text()), "the link").group(1)
    assert "signed in" in person.ok("setup", link, "--name", "olga", "--password-stdin", stdin=PASSWORD)


def join(server, owner, person, name):
    """An administrator's invite becomes an account."""
    link = owner.ok("account", "invite", f"{name}@example.org", "--key", server.key).strip()
    person.ok("setup", link, "--name", name, "--password-stdin", stdin=PASSWORD)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A server with an owner, Olga, and Ada, who came by invite."""
    place = tmp_path_factory.mktemp("town")
    with Server(place, "--registration", "invite") as server:
        olga, ada = Person(place / "olga"), Person(place / "ada")
        set_up(server, olga)
        join(server, olga, ada, "ada")
        yield server, olga, ada


@pytest.fixture
def olga(town):
    return town[1]


@pytest.fixture
def ada(town):
    return town[2]


@pytest.fixture
def project(olga):
    """A project of its own for a test, in use."""
    slug = f"p{os.urandom(4).hex()}"
    olga.ok("project", "create", slug)
    olga.ok("project", "use", slug)
    yield slug
    olga.ok("project", "use")


# Accounts

def test_people_sign_in_with_links_and_passwords(town, olga, ada, tmp_path):
    server = town[0]
    assert olga.ok("whoami") == f"olga (administrator) on {url(server)}, profile default\n"
    assert ada.json("whoami")["email"] == "ada@example.org"
    laptop = Person(tmp_path / "laptop")
    laptop.login(server, "ada")
    assert laptop.ok("whoami").startswith("ada on ")
    laptop.refused("login", url(server), "--name", "ada", "--password-stdin", stdin="wrong", words="Wrong name or password")
    laptop.refused("setup", f"{url(server)}/setup?token={'0' * 64}", "--name", "eve", "--password-stdin", stdin=PASSWORD, words="set up already")
    assert laptop.ok("logout") == "signed out (profile default)\n"
    laptop.refused("whoami", "--server", url(server), words="no key")
    assert ada.ok("whoami").startswith("ada on "), "her other key stays"


def test_a_key_may_do_what_its_scopes_say_until_it_is_revoked(town, ada):
    server = town[0]
    name = f"ci-{os.urandom(3).hex()}"
    done = ada("key", "create", name, "--scopes", "functions:read", "--expires", "1h")
    key = done.stdout.strip()
    assert re.fullmatch(r"vk_\w+", key) and key not in done.stderr
    with_key = {"VIRGA_KEY": key}
    assert ada("list", **with_key).returncode == DONE
    ada.refused("project", "create", "x", words="projects:write", **with_key)
    assert re.search(rf"^{name} +vk_\w+ +20\d\d-\d\d-\d\d .*functions:read$", ada.ok("key"), re.M) and key not in ada.ok("key", "--json")
    assert ada.ok("key", "revoke", name) == f"revoked {name}\n"
    ada.refused("list", words="the key came from VIRGA_KEY", **with_key)
    ada.refused("key", "create", "x", "--scopes", "nonsense", words="no such scope")


def test_administrators_disable_accounts_and_reset_passwords(town, olga, tmp_path):
    server = town[0]
    bob = Person(tmp_path / "bob")
    join(server, olga, bob, "bob")
    olga.refused("account", "disable", "bob", words="virga login --admin")
    olga.login(server, "olga", "--admin")
    assert re.search(r"^bob +bob@example.org +active +- +password", olga.ok("account"), re.M)
    olga.ok("account", "disable", "bob")
    bob.refused("whoami", words="disabled")
    olga.ok("account", "enable", "bob@example.org")
    assert bob("whoami").returncode == DONE
    password = olga.ok("account", "reset-password", "bob", "--yes").strip()
    assert "signed in" in bob.ok("login", "--name", "bob", "--password-stdin", stdin=password)
    olga.refused("account", "disable", "olga", words="stays an active administrator")
    olga.refused("account", "enable", "nobody", words="no account 'nobody'")


def test_two_servers_are_kept_apart_by_profiles(town, ada, tmp_path):
    with held_port() as held, Server(tmp_path, "--listen", at(held)) as second:
        owner = Person(tmp_path / "second")
        set_up(second, owner)
        ada.login(second, "olga", "--profile", "second")
        assert ada.ok("whoami").startswith(f"olga (administrator) on {url(second)}")
        assert ada.ok("whoami", "--profile", "default").startswith(f"ada on {url(town[0])}")
        ada.ok("profile", "use", "default")
        assert ada.ok("whoami").startswith(f"ada on {url(town[0])}")
        assert ada.ok("whoami", "--server", url(second)).startswith("olga "), "found by its server"
        keys = (ada.home / ".config" / "virga" / "profiles.json")
        assert (keys.stat().st_mode & 0o777) == 0o600
        second.stop()
        done = ada("logout", "--profile", "second")
    assert done.returncode == DONE and "was not revoked" in done.stderr, "the server is gone"
    assert [p["name"] for p in ada.json("profile")] == ["default"]


def test_administrators_invite_promote_limit_and_delete(town, olga, tmp_path):
    server = town[0]
    olga.login(server, "olga", "--admin")
    olga.ok("account", "invite", "eve@example.org")
    invite = next(i for i in olga.json("account", "invites") if i["email"] == "eve@example.org")
    assert "eve@example.org" in olga.ok("account", "invites")
    assert olga.ok("account", "withdraw", invite["id"]) == f"withdrew {invite['id']}\n"
    carl = Person(tmp_path / "carl")
    join(server, olga, carl, "carl")
    assert "projects    2" in olga.ok("account", "quota", "carl", "--projects", "2", "--calls", "none")
    assert carl.json("whoami")["effective_quotas"]["projects"] == 2
    olga.refused("account", "quota", "carl", "--projects", "many", words="--projects takes a number", status=USAGE)
    assert olga.ok("account", "promote", "carl") == "carl is an administrator\n" and carl.json("whoami")["admin"]
    olga.ok("account", "demote", "carl")
    assert carl.ok("account", "change", "--name", "charles", "--email", "c@example.org") == "charles, c@example.org\n"
    carl.refused("account", "change", words="nothing to change", status=USAGE)
    carl.refused("account", "close", "--yes", "--password-stdin", stdin="wrong", words="assword")
    assert carl.ok("account", "close", "--yes", "--password-stdin", stdin=PASSWORD) == "deleted the account charles\n"
    dora = Person(tmp_path / "dora")
    join(server, olga, dora, "dora")
    olga.refused("account", "delete", "dora", words="--yes", status=USAGE)
    assert olga.ok("account", "delete", "dora", "--yes") == "deleted dora\n"
    dora.refused("whoami", words="key")


def test_sessions_in_browsers_are_seen_and_ended(town, ada):
    server = town[0]
    token = server.request("POST", "/api/login", {"login": "ada", "password": PASSWORD}, key=False, headers={"User-Agent": "Browser/1"}).json["token"]
    assert re.search(r"^Browser/1 +127.0.0.1 ", ada.ok("session"), re.M)
    assert re.fullmatch(r"ended \d sessions?; keys stay\n", ada.ok("session", "end-all"))
    assert server.request("GET", "/api/account", key=token).status == 401 and ada("whoami").returncode == DONE
    token = server.request("POST", "/api/login", {"login": "ada", "password": PASSWORD}, key=False).json["token"]
    ada.ok("session", "end", ada.json("session")[0]["id"])
    assert server.request("GET", "/api/account", key=token).status == 401


# Projects

def test_what_a_project_is_and_may_is_changed(town, olga, project):
    olga.login(town[0], "olga", "--admin")
    assert "about" in olga.ok("project", "set", "--description", "for tests")
    assert "inactive" in olga.ok("project", "set", project, "--status", "inactive")
    olga.refused("project", "set", words="--status", status=USAGE)
    olga.refused("project", "set", "--status", "off", words="status")
    assert olga.ok("domain", "add", f"{project}.example").startswith(f"{project}.example leads to the gateway of {project}")
    olga.refused("domain", "add", "no domain", words="domain")
    assert re.search(rf"^{project}.example +{NOW}", olga.ok("domain"), re.M)
    assert olga.ok("domain", "remove", f"{project}.example") == f"removed {project}.example from {project}\n"
    assert "no domains yet" in olga("domain").stderr
    shown = olga.ok("cors", "on", "--origins", "https://a.example, https://b.example", "--credentials", "on", "--max-age", "1h")
    assert shown.startswith("on\n") and "https://a.example, https://b.example" in shown and "3600 s" in shown
    assert olga.json("cors")["origins"] == ["https://a.example", "https://b.example"]
    olga.refused("cors", "on", "--origins", "*", words="origins")
    assert olga.ok("cors", "off").startswith("off\n") and olga.json("cors")["credentials"]
    actions = olga.ok("audit")
    assert re.search(r"olga +\S+ +domain\.", actions) and re.search(r"project\.", actions)
    assert len(olga.json("audit", "-n", "2")) == 2
    assert olga.ok("audit", "--project", "").startswith("WHEN")


def test_a_functions_settings_are_changed_without_a_deploy(town, olga, project):
    fn = olga.deploy("set", CODE, "--env", "WORD=own", "--env", "OTHER=x", "--access", "key", "--description", "says a word")
    assert fn["access"] == "key" and "says a word" in olga.ok("settings", "set")
    shown = olga.ok("settings", "set", "--memory", "64m", "--timeout", "5s", "--client-rate-limit", "9", "--public-logs", "on")
    assert "64 MB" in shown and "5.00 s a call" in shown and "9 calls a minute from each client" in shown and "anybody" in shown
    assert olga.ok("invoke", "set") == '"own"\n'
    assert "OTHER, NEW" in olga.ok("settings", "set", "--env", "NEW=1", "--unset-env", "WORD")
    assert olga.ok("invoke", "set") == "null\n"
    olga.refused("settings", "set", "--unset-env", "WORD", words="no variable 'WORD'", status=USAGE)
    olga.refused("settings", "set", "--memory", "1m", words="memory_mb")
    olga.refused("settings", "set", "--status", "off", words="active or inactive", status=USAGE)
    assert "inactive" in olga.ok("settings", "set", "--status", "inactive", "--name", "reset")
    olga.refused("invoke", "reset", words="not active")
    assert olga.json("settings", "reset", "--move-to", "", "--status", "active")["project_id"] is None
    assert olga.json("settings", fn["id"], "--move-to", project)["project_id"]
    assert re.fullmatch(r"version 1 is ready(, loaded in .* [um]?s)?\n", olga.ok("load", "reset"))
    assert olga.ok("load", "reset") == "version 1 is ready\n"


def test_code_is_pulled_as_it_was_deployed(olga, project):
    at = olga.home / "tree"
    (at / "lib" / "deep").mkdir(parents=True)
    (at / "main.py").write_text("from lib.deep.x import y\ndef handler(event): return y\n")
    (at / "lib" / "deep" / "x.py").write_text("y = 'ü'\n")
    (at / "logo.png").write_bytes(bytes(range(256)))
    (at / "run.sh").write_text("#!/bin/sh\n")
    (at / "run.sh").chmod(0o755)
    olga.ok("deploy", "tree")
    (at / "main.py").write_text("def handler(event): return 2\n")
    olga.ok("deploy", "tree")
    assert olga.ok("pull", "tree", "copy", "--version", "1") == "copy: 4 files of version 1 of tree\n"
    copy = olga.home / "copy"
    assert {str(p.relative_to(copy)) for p in copy.rglob("*") if p.is_file()} == {
        "main.py", "lib/deep/x.py", "logo.png", "run.sh", "virga.json"}
    assert (copy / "logo.png").read_bytes() == bytes(range(256)) and (copy / "run.sh").stat().st_mode & 0o100
    assert json.loads((copy / "virga.json").read_text()) == {"name": "tree", "runtime": "python", "handler": "main.handler"}
    assert olga.json("deploy", "copy")["active_version"] == 3 and olga.ok("invoke", "tree") == '"ü"\n'
    olga.refused("pull", "tree", "copy", words="--force", status=USAGE)
    olga.ok("pull", "tree", "copy", "--version", "2", "--force")
    assert (copy / "main.py").read_text() == "def handler(event): return 2\n"
    (copy / "main.py").unlink()
    (copy / "main.py").symlink_to(olga.home / "elsewhere")
    assert olga("pull", "tree", "copy", "--force").returncode == USAGE and not (olga.home / "elsewhere").exists()
    olga.refused("pull", "tree", "--version", "9", words="ersion")


def test_saved_inputs_are_called_with(olga, project):
    olga.deploy("echo", "def handler(event): return event\n")
    assert "no inputs yet" in olga("input", "list", "echo").stderr
    olga.ok("input", "save", "echo", "a customer", f'{{"n": {10**30}}}')
    (olga.home / "e.json").write_text("[1]")
    olga.ok("input", "save", "echo", "list", "@e.json")
    assert olga.ok("invoke", "echo", "--saved", "a customer") == '{"n":%d}\n' % 10**30
    assert olga.ok("input", "show", "echo", "list") == "[1]\n"
    assert re.search(rf"^a customer +{NOW} ", olga.ok("input", "list", "echo"), re.M)
    olga.refused("invoke", "echo", "--saved", "none", words="no input 'none'")
    olga.refused("invoke", "echo", "1", "--saved", "list", words="either INPUT or --saved", status=USAGE)
    assert olga.ok("input", "remove", "echo", "list") == "removed list\n"


def test_a_result_in_pieces_is_printed_as_it_comes(olga, project):
    olga.deploy("drip", "def handler(event):\n    yield 'first é\\n'\n    while event: yield 'more'\n    print('log')\n    yield b'\\xff'\n")
    done = subprocess.run([PROGRAM, "invoke", "drip", "0"], env=olga.env, cwd=olga.home, capture_output=True, timeout=120)
    assert done.returncode == DONE and done.stdout == "first é\n".encode() + b"\xff" and done.stderr == b"log\n"
    assert olga.json("invoke", "drip", "0")["output"]["isBase64Encoded"]
    olga.deploy("halves", "def handler(event):\n    yield b'\\xf0\\x9f'\n    yield b'\\x98\\x80\\x1b[31m\\xc3'\n")
    shown = on_terminal(olga, "invoke", "halves")
    assert "\U0001f600\\x1b[31m\\xc3\r\n" in shown, "letters are put together, and nothing is done to the terminal"
    with subprocess.Popen([PROGRAM, "invoke", "drip", "1"], env=olga.env, cwd=olga.home, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert select.select([running.stdout], [], [], 60)[0] and running.stdout.readline() == "first é\n"
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=60) == -signal.SIGINT
        finally:
            running.kill()
    until(lambda: "the caller went away" in olga.ok("logs", "drip", "--status", "error"), "the call ends with its caller")


def test_one_call_is_shown_whole(olga, project):
    olga.deploy("whole", "def handler(event):\n    print('seen')\n    return {'got': event}\n")
    called = olga.json("invoke", "whole", "[7]")["invocation_id"]
    shown = olga.ok("logs", "whole", "--call", called)
    for words in ("input\n    [7]\n", 'output\n    {"got":[7]}\n', "stdout\n    seen\n", "handler"):
        assert words in shown, shown
    assert olga.json("logs", "whole", "--call", called)["input"] == "[7]"
    olga.refused("logs", "--call", called, words="function's name", status=USAGE)
    olga.refused("logs", "whole", "--call", "0" * 36, words="not found")


def test_everything_is_exported_without_a_project(olga, project):
    olga.deploy("inside")
    olga.ok("invoke", "inside")
    olga.ok("project", "use")
    olga.deploy("outside")
    olga.ok("invoke", "outside")
    lines = [json.loads(line) for line in olga.ok("logs", "--export", "-", "--status", "success").splitlines()]
    assert [r["function_name"] for r in lines[-2:]] == ["inside", "outside"]


def test_members_may_what_their_role_says(olga, ada, project):
    olga.deploy("shared")
    ada.refused("list", "--project", project, words="Project not found")
    olga.ok("member", "add", "ada", "viewer")
    assert ada.ok("list", "--project", project, "--names") == "shared\n"
    ada.refused("env", "set", "A=1", "--project", project, words="editor")
    olga.ok("member", "add", "ada@example.org", "editor")
    ada.ok("env", "set", "A=1", "--project", project)
    ada.refused("env", "reveal", "A", "--project", project, words="owner")
    ada.refused("project", "delete", project, "--yes", words="owner")
    assert re.search(r"^ada +editor +ada@example.org", olga.ok("member"), re.M)
    olga.refused("member", "remove", "olga", words="needs an owner")
    olga.ok("member", "remove", "ada")
    ada.refused("env", "--project", project, words="Project not found")


def test_a_variable_reaches_the_next_call_without_a_deploy(olga, project):
    olga.deploy("words")
    assert olga.ok("invoke", "words") == "null\n"
    olga.ok("env", "set", "WORD=first")
    assert olga.ok("invoke", "words") == '"first"\n'
    olga.ok("env", "set", "WORD", stdin="from a pipe\n")
    assert olga.ok("invoke", "words") == '"from a pipe"\n'
    assert "****" in olga.ok("env") and "pipe" not in olga.ok("env")
    assert olga.ok("env", "reveal", "WORD") == "from a pipe\n"
    (olga.home / "vars").write_text("OTHER='x'\n")
    olga.refused("env", "push", "vars", words="WORD", status=USAGE)
    olga.ok("env", "push", "vars", "--yes", "--plain")
    assert olga.ok("invoke", "words") == "null\n" and re.search(r"^OTHER +no .* x$", olga.ok("env"), re.M)
    olga.refused("env", "set", "1X=1", words="key")


def test_a_route_leads_to_the_function_that_a_match_names(town, olga, project):
    olga.deploy("users", "def handler(event):\n    return {'statusCode': 200, 'body': event['params']['id']}\n")
    line = olga.ok("route", "add", "GET", "/users/:id", "users").strip()
    assert line == f"GET {url(town[0])}/api/gateway/{project}/users/:id"
    assert town[0].request("GET", f"/api/gateway/{project}/users/7", key=False).json == "7"
    assert olga.ok("route", "match", "GET", "/users/7") == "GET /users/:id calls users\n  id = 7\n"
    assert re.search(r"^GET +/users/:id +users ", olga.ok("route"), re.M)
    assert olga("route", "match", "POST", "/users/7").returncode == FAILED
    olga.refused("route", "add", "GET", "/users/:other", "users", words="already exists")
    olga.refused("route", "add", "FETCH", "/x", "users", words="FETCH")
    olga.deploy("people", "def handler(event): return 'other'\n")
    assert olga.ok("route", "change", "GET", "/users/:id", "people") == "GET /users/:id calls people\n"
    assert town[0].request("GET", f"/api/gateway/{project}/users/7", key=False).json == "other"
    olga.refused("route", "change", "GET", "/none", "people", words="no such route")
    olga.ok("route", "remove", "GET", "/users/:id")
    assert town[0].request("GET", f"/api/gateway/{project}/users/7", key=False).status == 404


def test_a_private_function_is_called_with_the_profiles_key(town, olga, ada, project):
    (olga.home / "closed").mkdir(exist_ok=True)
    (olga.home / "closed" / "main.py").write_text("def handler(event): return 'in'\n")
    (olga.home / "closed" / "virga.json").write_text('{"name": "closed", "access": "private"}')
    fn = olga.json("deploy", "closed")
    assert olga.ok("invoke", "closed") == '"in"\n'
    assert town[0].invoke(fn, key=False).status in (401, 403, 404)
    assert ada("invoke", fn["id"]).returncode == SERVER
    olga.ok("member", "add", "ada", "viewer")
    assert ada.ok("invoke", fn["id"]) == '"in"\n'


def test_a_deploy_goes_into_the_project_that_is_named(olga, project):
    (olga.home / "in").mkdir(exist_ok=True)
    (olga.home / "in" / "main.py").write_text(CODE)
    (olga.home / "in" / "virga.json").write_text(json.dumps({"name": "by-file", "project": project}))
    olga.ok("project", "use")
    olga.ok("deploy", "in")
    assert olga.ok("list", "--project", project, "--names") == "by-file\n"
    olga.deploy("loose")
    assert olga.ok("list", "--project", project, "--names") == "by-file\n"
    olga.refused("deploy", "in", "--project", "no-such-project", words="Project not found")


def test_a_deleted_project_is_gone_with_all_in_it(olga, project):
    fn = olga.deploy("doomed")
    olga.refused("project", "delete", project, words="--yes", status=USAGE)
    assert olga.ok("project", "delete", project, "--yes") == f"deleted {project}\n"
    olga.refused("invoke", fn["id"], words="Function not found")
    olga.refused("env", words="Project not found")


# Records

def test_records_are_filtered_followed_and_exported(olga, project):
    olga.deploy("one", "def handler(event):\n    print('needle' if event.get('n') else 'hay')\n    return 1 / event.get('by', 1)\n")
    olga.deploy("two")
    olga.ok("invoke", "one", '{"n": 1}')
    assert olga("invoke", "one", '{"by": 0}').returncode == FAILED
    olga.ok("invoke", "two")
    assert olga.ok("logs", "one", "--text", "needle").count("success") == 1
    failed = olga.ok("logs", "one", "--status", "error")
    assert "ZeroDivisionError" in failed and "success" not in failed
    assert olga.ok("logs", "one", "--until", "1h") == ""
    assert re.findall(r"  (one|two)  (?:success|error)", olga.ok("logs", "--since", "1h")) == ["one", "one", "two"]
    olga.refused("logs", "one", "--status", "fine", words="status")
    olga.ok("logs", "one", "--export", "one.ndjson", "--status", "error,success")
    lines = [json.loads(line) for line in (olga.home / "one.ndjson").read_text().splitlines()]
    assert [r["status"] for r in lines] == ["success", "error"]
    stats = olga.ok("stats")
    assert re.search(r"^one +2 +1 ", stats, re.M) and re.search(r"^two +1 +0 ", stats, re.M) and re.search(r"^all +3 +1 ", stats, re.M)
    assert olga.json("stats", "two", "--since", "1h")["total"]["calls"] == 1


def test_following_a_project_shows_what_a_filter_takes(olga, project):
    olga.deploy("loud")
    olga.deploy("quiet")
    with subprocess.Popen([PROGRAM, "logs", "-f", "--json", "--source", "direct"], env=olga.env, cwd=olga.home,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as following:
        try:
            for name in ("loud", "quiet", "loud"):
                olga.ok("invoke", name)
                assert select.select([following.stdout], [], [], 60)[0], "a new call is shown"
                assert json.loads(following.stdout.readline())["function_name"] == name
            following.send_signal(signal.SIGINT)
            assert following.wait(timeout=60) == DONE
        finally:
            following.kill()


def test_following_survives_a_restart_of_the_server(tmp_path):
    held = held_port()
    server = Server(tmp_path, "--listen", at(held)).start()
    try:
        person = Person(tmp_path / "home")
        person.env.update(VIRGA_SERVER=url(server), VIRGA_KEY=server.key)
        person.deploy("f")
        person.ok("invoke", "f")
        with subprocess.Popen([PROGRAM, "logs", "f", "-f", "--json"], env=person.env, cwd=person.home,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
            try:
                first = json.loads(following.stdout.readline())["id"]
                server.stop()
                assert following.stderr.readline().startswith("virga: ")
                server.start()
                assert "connected again" in following.stderr.readline()
                person.ok("invoke", "f")
                assert json.loads(following.stdout.readline())["id"] != first
            finally:
                following.kill()
    finally:
        server.stop()
        held.close()
