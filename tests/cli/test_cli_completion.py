"""Help and completion: made from the same tables, so both know every command and option."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import DEADLINE_S, VIRGA, Terminal

ELSEWHERE = ("serve", "backup", "restore", "migrate", "rotate-key")  # run by the server's part


def commands(cli):
    return re.findall(r"^  ([a-z-]+) ", cli.ok("help").split("Options of every")[0], re.M)


def options(text):
    return set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", text, re.M))


# Help

def test_every_command_has_help_that_fits_a_terminal(cli):
    assert len(commands(cli)) > 25
    for name in [None, *commands(cli)]:
        text = cli.ok("help", *([name] if name else []))
        assert text.endswith("\n") and "  \n" not in text
        too_wide = [line for line in text.splitlines() if len(line) > 100]
        assert not too_wide, (name, too_wide)


@pytest.mark.parametrize("name", ["project", "env", "key", "account", "profile", "member", "route"])
def test_help_names_the_commands_of_a_command(cli, name):
    text = cli.ok(name, "--help")
    assert f"Usage: virga {name} [COMMAND]" in text and "\nCommands\n  list " in text
    assert cli.ok("help", name) == text == cli.ok(name, "list", "--help")


def test_an_option_says_which_commands_take_it(cli):
    assert re.search(r"--plain +set, push: no secret, shown to every member", cli.ok("env", "-h"))
    done = cli("env", "list", "--plain")
    assert done.returncode == 2 and "'env list' takes no option '--plain'" in done.stderr


@pytest.mark.parametrize("typed, meant", [
    (("members",), "member"), (("projets",), "project"), (("depl",), "deploy"), (("lgos",), "logs"),
    (("project", "crate"), "project create"), (("env", "unst"), "env unset"), (("key", "rev"), "key revoke")])
def test_a_near_miss_is_told(cli, typed, meant):
    done = cli(*typed)
    assert done.returncode == 2 and f"did you mean '{meant}'?" in done.stderr


def test_a_word_that_is_near_to_nothing_gets_the_list(cli):
    assert "is not one of: list, set, unset, reveal, push" in cli("env", "xyzzy").stderr
    assert "'virga help' lists them" in cli("zz").stderr


# What the server's part says of itself

@pytest.mark.parametrize("name", ELSEWHERE)
def test_options_of_the_servers_commands_are_known_here(cli, name):
    told = subprocess.run([VIRGA, name, "--help"], capture_output=True, text=True, timeout=DEADLINE_S,
                          check=True).stdout
    known = options(cli.ok("help", name))
    theirs = options(told) | set(re.findall(r"\[?--([a-z-]+) [A-Z]", told.split("\n\n")[1]))
    assert known == theirs


# Scripts

@pytest.mark.parametrize("shell, check", [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]),
                                          ("fish", ["fish", "--no-execute"])])
def test_completion_scripts_are_well_formed(cli, tmp_path, shell, check):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(cli("completion", shell).stdout)
    done = subprocess.run([*check, "script"], cwd=tmp_path, capture_output=True, text=True,
                          timeout=DEADLINE_S)
    assert (done.returncode, done.stderr) == (0, "")


def in_shell(cli, shell, script):
    env = {**cli.env, "PATH": f"{Path(VIRGA).parent}:{cli.env['PATH']}"}
    done = subprocess.run([*shell, "-c", script], env=env, capture_output=True, text=True,
                          timeout=DEADLINE_S, cwd=cli.home)
    assert done.stderr == ""
    return done.stdout.splitlines()


def complete(cli, *words):
    quoted = " ".join("'" + w.replace("'", "'\\''") + "'" for w in words)
    script = (f'source <(virga completion bash); complete -p virga; COMP_WORDS=({quoted}); '
              f'compopt() {{ :; }}; '  # a builtin that works only inside a completion
              f'COMP_CWORD={len(words) - 1}; _virga; printf "%s\\n" "${{COMPREPLY[@]}}"')
    loaded, *rest = in_shell(cli, ["bash", "--norc"], script)
    assert loaded == "complete -F _virga virga"
    return [word for word in rest if word]


def test_bash_completes_commands_options_and_names(cli, api):
    api.add("hello")
    api.add("other")
    assert complete(cli, "virga", "depl") == ["deploy"]
    assert complete(cli, "virga", "deploy", "--mem") == ["--memory"]
    assert complete(cli, "virga", "invoke", "he") == ["hello"]
    assert complete(cli, "virga", "completion", "f") == ["fish"]
    assert complete(cli, "virga", "help", "rol") == ["rollback"]


def test_bash_completes_what_a_commands_command_takes(cli, api):
    api.add("hello")
    api.add_project("shop")
    (cli.home / ".config" / "virga").mkdir(parents=True)
    file = cli.home / ".config" / "virga" / "profiles.json"
    file.write_text('{"profiles": {"work": {"server": "http://127.0.0.1:1"}}}')
    file.chmod(0o600)
    assert complete(cli, "virga", "env", "un") == ["unset"]
    assert complete(cli, "virga", "project", "use", "") == ["shop"]
    assert complete(cli, "virga", "project", "create", "") == []
    assert complete(cli, "virga", "list", "--project", "s") == ["shop"]
    assert complete(cli, "virga", "route", "add", "GET", "/x", "h") == ["hello"]
    assert complete(cli, "virga", "route", "change", "GET", "/x", "h") == ["hello"]
    assert complete(cli, "virga", "input", "save", "h") == complete(cli, "virga", "settings", "h") == ["hello"]
    assert complete(cli, "virga", "profile", "use", "") == ["work"]
    assert complete(cli, "virga", "list", "--profile", "") == ["work"]
    assert complete(cli, "virga", "member", "add", "ada", "v") == ["viewer"]


def test_bash_completes_the_servers_own_options(cli):
    assert complete(cli, "virga", "serve", "--lis") == ["--listen"]
    assert complete(cli, "virga", "serve", "--json") == []
    assert complete(cli, "virga", "migrate", "--t") == ["--to"]
    assert complete(cli, "virga", "backup", "--") == ["--data-dir", "--store", "--help"]


def test_a_name_cannot_run_commands_through_completion(cli, api, tmp_path):
    api.add("$(touch pwned)`touch pwned`")
    complete(cli, "virga", "invoke", "")
    assert not (tmp_path / "pwned").exists()


def test_fish_completes_commands_names_and_options(cli, api):
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")
    api.add("hello")
    api.add_project("shop")

    def complete_fish(line):
        script = f"virga completion fish | source; complete -C '{line}'"
        return [word.split("\t")[0] for word in in_shell(cli, ["fish", "--no-config"], script)]
    assert complete_fish("virga depl") == ["deploy"]
    assert complete_fish("virga invoke h") == ["hello"]
    assert complete_fish("virga deploy --mem") == ["--memory"]
    assert complete_fish("virga serve --lis") == ["--listen"]
    assert complete_fish("virga project u") == ["use"]
    assert complete_fish("virga project use s") == ["shop"]
    assert complete_fish("virga list --project s") == ["shop"]


@pytest.mark.parametrize("line, completed", [
    ("virga depl", "virga deploy "), ("virga invoke he", "virga invoke hello "),
    ("virga serve --lis", "virga serve --listen="), ("virga project us", "virga project use "),
    ("virga project use sh", "virga project use shop "), ("virga help rollb", "virga help rollback "),
    ("virga list --project=sh", "virga list --project=shop ")])
def test_zsh_completes_the_same(cli, api, line, completed):
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    api.add("hello")
    api.add_project("shop")
    env = {**cli.env, "PATH": f"{Path(VIRGA).parent}:{cli.env['PATH']}", "TERM": "dumb", "COLUMNS": "200"}
    shell = Terminal(["zsh", "-f", "-i", "-o", "nozle"], env, cli.home)
    try:
        shell.type("autoload -Uz compinit; compinit -u -D; source <(virga completion zsh)\n"
                   "bindkey '^I' complete-word; setopt zle; PS1=; echo REA''DY\n").expect("READY\r\n")
        shell.type(line + "\t").expect(completed)
    finally:
        shell.kill()
