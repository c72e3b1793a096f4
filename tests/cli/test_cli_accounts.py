"""Signing in and out, profiles, keys and accounts, against a server in miniature (server.py)."""

import json
import os
import signal
import socket
import stat
import subprocess

import pytest

from server import KEY, Api

PASSWORD = "correct horse"


@pytest.fixture
def signed_out(cli, api):
    """No key and no server in the environment: what a person begins with."""
    del cli.env["VIRGA_KEY"], cli.env["VIRGA_SERVER"]
    cli.env["VIRGA_DATA_DIR"] = str(cli.home / "nothing")
    api.add_account("ada")
    api.add_account("bob")
    return cli


@pytest.fixture
def other():
    server = Api()
    server.add_account("ada")
    yield server
    server.close()


def profiles_file(cli):
    return cli.home / ".config" / "virga" / "profiles.json"


def profiles(cli):
    return json.loads(profiles_file(cli).read_text())


def write_profiles(cli, text, mode=0o600):
    profiles_file(cli).parent.mkdir(parents=True, exist_ok=True)
    profiles_file(cli).write_text(text if isinstance(text, str) else json.dumps(text))
    profiles_file(cli).chmod(mode)


def login(cli, *args, name="ada", password=PASSWORD, **env):
    return cli("login", *args, "--name", name, "--password-stdin", stdin=password + "\n", **env)


def sent_key(server, at=-1):
    return server.requests[at][2].get("Authorization")


# Signing in

def test_login_makes_a_key_and_stores_it_for_its_owner_only(signed_out, api):
    done = login(signed_out, api.url)
    assert (done.returncode, done.stdout) == (0, f"signed in to {api.url} as ada (profile default)\n")
    assert done.stderr == "" and "vk_" not in done.stdout
    assert profiles(signed_out) == {"current": "default", "profiles": {"default": {
        "server": api.url, "account": "ada", "key": "vk_issued0", "key_id": "key0"}}}
    assert stat.S_IMODE(profiles_file(signed_out).stat().st_mode) == 0o600
    assert stat.S_IMODE(profiles_file(signed_out).parent.stat().st_mode) == 0o700
    assert os.listdir(profiles_file(signed_out).parent) == ["profiles.json"]
    assert api.asked() == ["GET /api/setup", "POST /api/login", "POST /api/keys", "POST /api/logout"] and not api.tokens
    assert signed_out.ok("whoami") == f"ada on {api.url}, profile default\n"


def test_login_sends_no_key_that_lies_around(signed_out, api):
    (signed_out.home / "var").mkdir()
    (signed_out.home / "var" / "owner.key").write_text("vk_owner")
    assert login(signed_out, api.url, VIRGA_KEY="vk_environment").returncode == 0
    assert sent_key(api, 0) is None and sent_key(api, 1) is None


def test_no_password_is_asked_for_before_the_server_is_known(signed_out, api):
    done = signed_out("login", "http://127.0.0.1:1")
    assert done.returncode == 3 and "Connection refused" in done.stderr
    api.canned = (200, b"<html>", {})
    done = signed_out("login", api.url)
    assert done.returncode == 3 and "is it a virga server?" in done.stderr
    api.canned, api.key = None, None
    assert "--auth none" in signed_out("login", api.url).stderr


def test_a_login_before_the_first_account_says_what_to_do(signed_out, api):
    api.setup_token = "abc"
    done = login(signed_out, api.url, password="wrong")
    assert done.returncode == 3 and "virga setup LINK" in done.stderr


def test_a_wrong_password_is_status_3_and_leaves_no_profile(signed_out, api):
    done = login(signed_out, api.url, password="wrong")
    assert (done.returncode, done.stderr) == (3, "virga: Wrong name or password\n")
    assert not profiles_file(signed_out).exists()


def test_login_asks_on_a_terminal_without_showing_the_password(signed_out, api):
    terminal = signed_out.terminal("login", api.url, NO_COLOR="1")
    terminal.expect("name or e-mail: ").type("ada\n").expect("password: ")
    assert not terminal.echoes()
    status, shown = terminal.type(PASSWORD + "\n").end()
    assert status == 0 and "signed in" in shown and PASSWORD not in shown


@pytest.mark.parametrize("keys, how", [("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)])
def test_ctrl_c_at_the_password_gives_the_terminal_back(signed_out, api, keys, how):
    terminal = signed_out.terminal("login", api.url, "--name", "ada").expect("password: ")
    assert not terminal.echoes()
    terminal.type(keys).expect("\n")
    while terminal.read():
        pass
    assert terminal.echoes()
    assert terminal.end()[0] == -how


# The signal comes when all that was looked at before the wait is done, and the wait has not begun.
AT_THE_LAST_MOMENT = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
static void come(int fd) { static int once; if (fd == 0 && !once++) raise(SIGINT); }
ssize_t read(int fd, void *to, size_t n) { come(fd); return syscall(SYS_read, fd, to, n); }
int ppoll(struct pollfd *p, nfds_t n, const struct timespec *t, const sigset_t *s) {
    int (*real)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *) = dlsym(RTLD_NEXT, "ppoll");
    come(n ? p->fd : -1);
    return real(p, n, t, s);
}
"""


@pytest.mark.skipif("VIRGA_BIN" in os.environ, reason="a sanitizer wants to be the first that is loaded")
def test_ctrl_c_in_the_moment_before_the_wait_for_the_password_is_not_lost(signed_out, api):
    source, moment = signed_out.home / "moment.c", signed_out.home / "moment.so"
    source.write_text(AT_THE_LAST_MOMENT)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", moment, source], check=True)
    terminal = signed_out.terminal("login", api.url, "--name", "ada", LD_PRELOAD=str(moment)).expect("password: \r\n")
    while terminal.read():
        pass
    assert terminal.echoes()
    assert terminal.end()[0] == -signal.SIGINT


def test_after_ctrl_z_the_password_is_asked_again(signed_out, api):
    """Nobody can stop the leader of a session: it comes back at once."""
    terminal = signed_out.terminal("login", api.url, "--name", "ada").expect("password: ")
    terminal.type("half\x1a").expect("\n")
    status, shown = terminal.expect("password: ").type(PASSWORD + "\n").end()
    assert status == 0, shown


@pytest.mark.parametrize("args, stdin, words", [
    ((), "", "nobody to ask for the name"), (("--name", "ada"), "", "nobody to ask for the password"),
    (("--name", "ada", "--password-stdin"), "", "no password was given"),
    (("--name", "ada", "--password-stdin"), "x" * 600, "longer than"),
    (("--name", "x" * 600, "--password-stdin"), "x", "longer than"),
    (("--name", "ada", "--password-stdin", "--profile", "a b"), "x", "no name for a profile"),
    (("--name", "\udcff", "--password-stdin"), "x", "UTF-8")])
def test_a_login_that_cannot_be_says_why(signed_out, api, args, stdin, words):
    done = signed_out("login", api.url, *args, stdin=stdin)
    assert done.returncode == 2 and words in done.stderr, done.stderr


def test_a_server_that_is_not_reached_in_secret_is_warned_of(signed_out, api):
    done = login(signed_out, "http://virga.example", http_proxy=api.url)
    assert "is no https" in done.stderr
    assert "is no https" not in login(signed_out, api.url).stderr


def test_a_profile_that_cannot_be_written_leaves_no_key_behind(signed_out, api):
    (signed_out.home / ".config").write_text("in the way")
    done = login(signed_out, api.url)
    assert done.returncode != 0 and ".config" in done.stderr and not api.keys


# Signed in already

def test_signing_in_again_replaces_the_key(signed_out, api):
    login(signed_out, api.url)
    done = login(signed_out, name="bob")  # the server is known
    assert "is signed in to" in done.stderr and "as ada already" in done.stderr
    assert [k["key"] for k in api.keys] == ["vk_issued1"]
    assert signed_out.ok("whoami").startswith("bob on ")


def test_another_server_gets_a_profile_of_its_own(signed_out, api, other):
    login(signed_out, api.url)
    done = login(signed_out, other.url)
    name = other.url.removeprefix("http://")
    assert done.stdout == f"signed in to {other.url} as ada (profile {name})\n"
    assert set(profiles(signed_out)["profiles"]) == {"default", name} and len(api.keys) == 1
    assert signed_out.ok("whoami").startswith(f"ada on {other.url}")
    login(signed_out, api.url + "/")
    assert set(profiles(signed_out)["profiles"]) == {"default", name}, "the server's own is used again"


def test_a_profile_that_is_named_is_made(signed_out, api):
    login(signed_out, api.url)
    assert login(signed_out, "--profile", "second", name="bob").returncode == 0
    assert profiles(signed_out)["profiles"]["second"]["account"] == "bob"
    assert signed_out.ok("whoami", "--profile", "default").startswith("ada on ")


def test_a_profile_moved_to_another_server_revokes_its_key_at_the_old_one(signed_out, api, other):
    login(signed_out, api.url, "--profile", "work")
    assert login(signed_out, other.url, "--profile", "work").returncode == 0
    assert not api.keys and len(other.keys) == 1
    revoked, login_again = api.requests[-1], other.requests[0]
    assert revoked[:2] == ("DELETE", "/api/keys/key0") and "Authorization" not in login_again[2]


def test_only_an_administrator_gets_an_administrators_key(signed_out, api):
    api.accounts["ada"]["admin"] = True
    assert login(signed_out, api.url).returncode == 0
    assert login(signed_out, api.url, "--admin").returncode == 0
    assert "admin" in api.keys[-1]["scopes"]
    done = login(signed_out, api.url, "--admin", name="bob")
    assert done.returncode == 2 and "bob is no administrator" in done.stderr


# Which server, which key

def test_a_profiles_key_goes_to_its_server_only(signed_out, api, other):
    login(signed_out, api.url)
    login(signed_out, other.url)
    for args, env in [(("--server", api.url), {}), ((), {"VIRGA_SERVER": api.url}), (("--profile", "default"), {}),
                      ((), {"VIRGA_PROFILE": "default"})]:
        assert signed_out("list", *args, **env).returncode == 0, (args, env)
        assert sent_key(api) == "Bearer vk_issued0"
    third = Api()
    try:
        assert signed_out("list", "--server", third.url).returncode == 3
        assert sent_key(third) is None
    finally:
        third.close()


def test_a_profile_that_is_named_wins_over_the_environment(signed_out, api, other):
    login(signed_out, api.url, "--profile", "mine")
    signed_out.ok("list", "--profile", "mine", VIRGA_SERVER=other.url, VIRGA_KEY="vk_else")
    assert sent_key(api) == "Bearer vk_issued0" and not other.requests
    signed_out("list", VIRGA_KEY="vk_else")
    assert sent_key(api) == "Bearer vk_else"


def test_a_server_and_a_profile_of_another_are_a_contradiction(signed_out, api):
    login(signed_out, api.url, "--profile", "mine")
    done = signed_out("list", "--profile", "mine", "--server", "http://127.0.0.1:1")
    assert done.returncode == 2 and "either --server or --profile" in done.stderr
    assert signed_out("list", "--profile", "mine", "--server", api.url + "/").returncode == 0


@pytest.mark.parametrize("where", [{"args": ("--profile", "nope")}, {"VIRGA_PROFILE": "nope"}])
def test_a_profile_that_does_not_exist_is_refused(cli, where):
    args = where.pop("args", ())
    done = cli("list", *args, **where)
    assert done.returncode == 2 and "there is no profile 'nope'" in done.stderr


def test_a_revoked_key_says_how_to_get_another(signed_out, api):
    login(signed_out, api.url)
    api.keys.clear()
    done = signed_out("list")
    assert done.returncode == 3 and "virga login --profile default" in done.stderr
    assert "the key came from --key" in signed_out("list", "--key", "x").stderr


@pytest.mark.parametrize("text, mode, words", [
    ('{"profiles": {}}', 0o644, "chmod 600"), ('{"profiles": {}', 0o600, "line 1"), ("[]", 0o600, "no \"profiles\""),
    ("", 0o600, "profiles.json")])
def test_a_file_of_profiles_that_cannot_be_used_stops_us(cli, text, mode, words):
    """To go on without it would be to work on another server than the one that was chosen."""
    write_profiles(cli, text, mode)
    done = cli("list")
    assert done.returncode == 2 and words in done.stderr
    assert cli("version").returncode == 0


@pytest.mark.parametrize("text", [{"profiles": {"default": 5}}, {"profiles": {"default": {"server": 5, "key": []}}},
                                  {"profiles": {}, "current": 7}, {"profiles": {"x": None}, "current": "x"}])
def test_profiles_of_a_strange_shape_do_not_crash(cli, text):
    write_profiles(cli, text)
    for args in (("list",), ("profile",), ("logout",), ("project", "use"), ("profile", "--json")):
        assert cli(*args).returncode in (0, 2, 3)


def test_a_linked_file_of_profiles_stays_a_link(signed_out, api):
    real = signed_out.home / "dotfiles.json"
    real.write_text('{"profiles": {}}')
    real.chmod(0o600)
    profiles_file(signed_out).parent.mkdir(parents=True)
    profiles_file(signed_out).symlink_to(real)
    assert login(signed_out, api.url).returncode == 0
    assert profiles_file(signed_out).is_symlink() and "vk_issued0" in real.read_text()


# Signing out

def test_logout_revokes_the_key_and_forgets_the_profile(signed_out, api):
    login(signed_out, api.url)
    assert signed_out.ok("logout") == "signed out (profile default)\n"
    assert not api.keys and profiles(signed_out) == {"profiles": {}}
    done = signed_out("logout")
    assert done.returncode == 2 and "not signed in" in done.stderr


def test_logout_works_when_the_server_is_gone(signed_out):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        write_profiles(signed_out, {"current": "x", "profiles": {"x": {
            "server": f"http://127.0.0.1:{s.getsockname()[1]}", "key": "vk_x", "key_id": "k1"}}})
        done = signed_out("logout")
    assert done.returncode == 0 and "'k1' was not revoked" in done.stderr and profiles(signed_out)["profiles"] == {}


def test_logout_sends_the_profiles_key_nowhere_else(signed_out, api, other):
    login(signed_out, api.url)
    done = signed_out("logout", VIRGA_SERVER=other.url, VIRGA_KEY="vk_else")
    assert done.returncode == 2 and len(api.keys) == 1
    assert signed_out("logout", "--profile", "default", VIRGA_SERVER=other.url, VIRGA_KEY="vk_else").returncode == 0
    assert not api.keys and not other.requests


def test_logout_says_what_is_in_use_then(signed_out, api, other):
    login(signed_out, api.url)
    login(signed_out, other.url)
    login(signed_out, api.url, "--profile", "second")
    assert f"using {api.url} now (profile default)" in signed_out("logout").stderr
    assert "virga profile use" in signed_out("logout").stderr


# Profiles

def test_profiles_are_listed_without_their_keys(signed_out, api, other):
    login(signed_out, api.url)
    login(signed_out, other.url)
    shown = signed_out.ok("profile")
    assert [line.split()[:2] for line in shown.splitlines()][1:] == [
        ["default", "-"], [other.url.removeprefix("http://"), "yes"]]
    told = signed_out.ok("profile", "list", "--json")
    assert json.loads(told)[0] == {"name": "default", "current": False, "server": api.url, "account": "ada", "project": None}
    assert "vk_" not in shown + told
    assert signed_out.ok("profile", "--names").splitlines()[0] == "default"


def test_a_profile_is_chosen_and_forgotten(signed_out, api, other):
    login(signed_out, api.url)
    login(signed_out, other.url)
    assert signed_out.ok("profile", "use", "default") == f"using {api.url} (profile default)\n"
    assert signed_out.ok("whoami").startswith(f"ada on {api.url}")
    signed_out.ok("profile", "remove", "default")
    assert "default" not in profiles(signed_out)["profiles"] and len(api.keys) == 1
    done = signed_out("profile", "use", "default")
    assert done.returncode == 2 and "there is no profile" in done.stderr
    assert "virga login" in cli_without_profiles(signed_out).stderr


def cli_without_profiles(cli):
    return cli("profile", HOME=str(cli.home / "elsewhere"))


# Accounts from links

def test_the_first_account_is_made_from_the_printed_link(signed_out, api):
    api.setup_token = "abc123"
    done = signed_out("setup", f"{api.url}/setup?token=abc123", "--name", "eve", "--password-stdin", stdin="long enough\n")
    assert (done.returncode, done.stdout) == (0, f"signed in to {api.url} as eve (profile default)\n")
    assert api.body(0) == {"token": "abc123", "name": "eve", "password": "long enough"}
    assert sent_key(api, 0) is None and signed_out.ok("whoami").startswith("eve (administrator) on")


def test_the_token_alone_is_for_the_server_in_use(signed_out, api):
    api.setup_token = "abc123"
    done = signed_out("setup", "abc123", "--server", api.url, "--name", "eve", "--password-stdin", stdin="long enough\n")
    assert done.returncode == 0, done.stderr


def test_setup_asks_for_the_password_twice(signed_out, api):
    api.setup_token = "abc123"
    link = f"{api.url}/setup?token=abc123"
    terminal = signed_out.terminal("setup", link)
    terminal.expect("name of your account: ").type("eve\n").expect("new password: ").type("one one one\n")
    status, shown = terminal.expect("the same again: ").type("two two two\n").end()
    assert status == 2 and "two different passwords" in shown and not api.requests
    terminal = signed_out.terminal("setup", link, "--name", "eve").expect("new password: ").type("one one one\n")
    assert terminal.expect("again: ").type("one one one\n").end()[0] == 0


def test_an_invite_becomes_an_account(signed_out, api):
    link = signed_out.ok("account", "invite", "eve@example.org", "--server", api.url, "--key", KEY).strip()
    assert link == f"{api.url}/sign-up?invite=invite0"
    done = signed_out("setup", link, "--name", "eve", "--email", "eve@example.org", "--password-stdin", stdin="long enough\n")
    assert done.returncode == 0, done.stderr
    assert api.accounts["eve"]["email"] == "eve@example.org"


@pytest.mark.parametrize("link", ["http://127.0.0.1:8000/", "https://x/setup", "?token=", "ftp://x/setup?token=a"])
def test_what_is_no_link_is_refused(signed_out, link):
    done = signed_out("setup", link, "--name", "x", "--password-stdin", stdin="y\n")
    assert done.returncode == 2 and done.stderr.startswith("virga: ")


def test_a_used_link_is_status_3(signed_out, api):
    done = signed_out("setup", f"{api.url}/setup?token=old", "--name", "x", "--password-stdin", stdin="y\n")
    assert done.returncode == 3 and "used set-up token" in done.stderr


# Keys

def test_a_new_key_alone_goes_to_standard_output(cli, api):
    done = cli("key", "create", "ci", "--scopes", "functions:read, invoke", "--expires", "90d")
    assert done.stdout == "vk_issued0\n" and "virga key revoke key0" in done.stderr
    sent = api.body()
    assert sent["scopes"] == ["functions:read", "invoke"] and sent["expires_at"].endswith("Z")
    assert "vk_issued0" not in cli.ok("key", "list")


@pytest.mark.parametrize("args", [("--expires", "soon"), ("--expires", "90"), ("--expires", "0d"), ("--expires", "99999999d"),
                                  ("--scopes", "a,,b"), ("--scopes", "")])
def test_a_key_with_a_wrong_wish_is_not_made(cli, api, args):
    done = cli("key", "create", "ci", *args)
    assert done.returncode == 2 and args[0] in done.stderr and not api.keys


def test_keys_are_revoked_by_name_or_id(cli, api):
    for name in ("ci", "twice", "twice"):
        cli.ok("key", "create", name)
    assert cli.ok("key", "revoke", "ci") == "revoked ci\n"
    done = cli("key", "revoke", "twice")
    assert done.returncode == 2 and "2 keys are named 'twice'" in done.stderr
    cli.ok("key", "revoke", "key2")
    assert [k["id"] for k in api.keys] == ["key1"]
    assert "no such key" in cli("key", "revoke", "ci").stderr


def test_no_keys_say_how_to_make_one(cli):
    done = cli("key")
    assert (done.returncode, done.stdout) == (0, "") and "virga key create" in done.stderr


# Administrators

def test_accounts_of_several_pages_are_listed_and_found(cli, api):
    for name in ("ada", "bob", "cid"):
        api.add_account(name, email=f"{name}@example.org")
    assert [line.split()[0] for line in cli.ok("account").splitlines()] == ["NAME", "owner", "ada", "bob", "cid"]
    assert len(json.loads(cli.ok("account", "list", "--json"))) == 4
    assert cli.ok("account", "disable", "CID") == "CID is disabled\n"
    assert api.accounts["cid"]["status"] == "disabled" and api.asked()[-1] == "PUT /api/accounts/id-cid"
    cli.ok("account", "enable", "cid@example.org")
    assert api.accounts["cid"]["status"] == "active"
    assert "there is no account 'dan'" in cli("account", "enable", "dan").stderr


def test_a_new_password_is_shown_once_asked_for(cli, api):
    api.add_account("ada")
    done = cli("account", "reset-password", "ada")
    assert done.returncode == 2 and "--yes" in done.stderr
    done = cli("account", "reset-password", "ada", "--yes")
    assert done.stdout == "temporary-1\n" and "shown only now" in done.stderr


def test_who_is_no_administrator_hears_how_to_become_one(signed_out, api):
    login(signed_out, api.url)
    for args in (("list",), ("disable", "bob")):
        done = signed_out("account", *args)
        assert done.returncode == 3 and "virga login --admin" in done.stderr


def test_the_own_password_is_changed_on_a_terminal(signed_out, api):
    login(signed_out, api.url)
    terminal = signed_out.terminal("account", "password")
    terminal.expect("password until now: ").type(PASSWORD + "\n").expect("new password: ").type("battery staple\n")
    status, shown = terminal.expect("the same again: ").type("battery staple\n").end()
    assert status == 0 and "battery" not in shown and api.accounts["ada"]["password"] == "battery staple"
