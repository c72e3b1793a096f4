"""README.md's five minutes: every command as it stands there, and what it prints, but for ids, times and durations."""

import codecs
import os
import pty
import re
import select
import subprocess

import pytest

from test_real_packages import index_answers
from virga import BUILD, ROOT, Server, until

PASSWORD = "correct horse"
pytestmark = pytest.mark.timeout(600)  # an index may be slow
CHANGES = [  # what differs from run to run
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+Z)?", "TIME"),
    (r"127\.0\.0\.1:\d+", "SERVER"),
    (r"\beyJ[\w.-]+", "TOKEN"),
    (r"\b[0-9a-f]{20,}\b", "ID"),
    (r"[\d.]+ (us|ms)", "DURATION"),
    (r"(?m)\b(cold|warm)\b", "START"),
]


def blocks(section):
    text = (ROOT / "README.md").read_text()
    part = re.search(rf"^## {section}.*?(?=^## )", text, re.S | re.M)[0]
    return re.findall(r"^```\n(.*?)^```$", part, re.S | re.M)


def steps(section="Five minutes"):
    """(command, what it prints). A block without a prompt is a command as a whole."""
    for block in blocks(section):
        if "$ " not in block:
            yield block, None
            continue
        for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command = re.match(r"(?:.*\\\n)*.*\n", step)[0]
            yield command, step[len(command):].strip()


def masked(text):
    for pattern, word in CHANGES:
        text = re.sub(pattern, word, text)
    return [line.rstrip() for line in text.strip().splitlines() if line.strip()]


def matches(printed, shown):
    """`...` on a line of its own stands for any lines, within a line for any text."""
    pattern = "\n".join(masked(shown)).replace("\n...", "...")
    pattern = ".*".join(re.escape(piece) for piece in pattern.split("..."))
    return re.fullmatch(pattern, "\n".join(masked(printed)), re.S) is not None


def on_terminal(command, answers, env):
    """Types each answer when its question stands there; what the terminal then shows."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe("bash", ["bash", "-c", command], env)
    shown, answers = "", list(answers)
    decoder = codecs.getincrementaldecoder("utf-8")()
    while select.select([fd], [], [], 60)[0]:
        try:
            shown += decoder.decode(os.read(fd, 4096))
        except OSError:
            break  # the other side has closed
        if answers and shown.endswith(": "):
            os.write(fd, f"{answers.pop(0)}\n".encode())
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 and not answers, shown
    return shown.replace("\r\n", "\n")


def environment(server, tmp_path):
    return {**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}", "VIRGA_DATA_DIR": str(server.data), "NO_COLOR": "1",
            "VIRGA_SERVER": f"http://127.0.0.1:{server.port}", "XDG_CONFIG_HOME": str(tmp_path / "config")}


def run(command, tmp_path, env):
    return subprocess.run(["bash", "-c", command], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, timeout=400).stdout


def test_the_function_with_packages_and_a_database_does_what_it_shows(tmp_path):
    if not index_answers():
        pytest.skip("the Python index of this machine does not answer")
    with Server(tmp_path) as server:
        for command, shown in steps("Packages and a database"):
            printed = run(command, tmp_path, environment(server, tmp_path))
            assert shown is None or matches(printed, shown), f"$ {command}\n{printed}\n--- but README.md shows ---\n{shown}"


def test_every_command_of_the_readme_does_what_it_shows(tmp_path):
    with Server(tmp_path) as server:
        token = until(lambda: re.search(r"/setup\?token=(\w+)", server.log_text()), "the set-up link is in the log")[1]
        env = environment(server, tmp_path)
        ran = 0
        for command, shown in steps():
            if command.strip() == "make run":
                continue
            command = command.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}").replace("fff2f67f...", token)
            command = command.replace("export PATH=$PWD/build:$PATH\n", "")
            if "virga login" in command:
                command = f"{command.strip()} --password-stdin <<< '{PASSWORD}'"
            if "virga setup" in command:
                printed = on_terminal(command, ("ada", PASSWORD, PASSWORD), env)
                assert matches(printed, shown), f"$ {command}\n{printed}"
                continue
            printed = run(command, tmp_path, env)
            if shown is not None:
                assert matches(printed, shown), f"$ {command}\n{printed}\n--- but README.md shows ---\n{shown}"
                ran += 1
        assert ran > 10
