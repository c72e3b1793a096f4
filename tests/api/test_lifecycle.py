"""The server as a process: it starts, stops, is killed, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from virga import PROGRAM, Server, descendants, until

HELLO = "def handler(event): return 'hello'"


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def cgroups_of(pid):
    """Directories of the slots' cgroups, as the spawner's log line or the kernel shows them."""
    found = set()
    for child in descendants(pid):
        try:
            for line in Path(f"/proc/{child}/cgroup").read_text().splitlines():
                _, controllers, path = line.split(":", 2)
                if "/virga." in path:
                    base = "/sys/fs/cgroup/" + (controllers or "unified")
                    found.add(base + path)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def busy(server):
    fn = server.create(HELLO)
    assert server.call(fn)["success"]
    spawner = server.spawner_pid()
    return spawner, descendants(spawner), cgroups_of(spawner)


def check_nothing_left(spawner, pids, cgroups):
    until(lambda: not any(alive(p) for p in [spawner, *pids]), "all processes are gone")
    until(lambda: not any(os.path.isdir(c) for c in cgroups), "all cgroups are gone")


def test_stopping_leaves_nothing_and_exits_with_success(tmp_path):
    server = Server(tmp_path).start()
    left = busy(server)
    assert server.stop(signal.SIGTERM) == 0
    check_nothing_left(*left)


def test_a_killed_server_leaves_nothing_and_the_next_start_works(tmp_path):
    server = Server(tmp_path).start()
    left = busy(server)
    functions = server.request("GET", "/api/functions").json
    server.stop(signal.SIGKILL)
    check_nothing_left(*left)
    with Server(tmp_path) as again:
        assert again.request("GET", "/api/functions").json == functions
        assert again.call(functions[0])["output"] == "hello"


def test_a_strict_umask_of_the_starter_does_no_harm(tmp_path):
    if os.geteuid() != 0:
        import pytest
        pytest.skip("not root: /run cannot be replaced")
    start = f'mount -t tmpfs none /run && umask 077 && exec "{PROGRAM}" serve --data-dir "{tmp_path}/data" --listen 127.0.0.1:0'
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen(["unshare", "--mount", "sh", "-c", start], stderr=log)
    try:
        said = until(lambda: server.poll() is not None or b"listening" in (tmp_path / "log").read_bytes(), "it listens")
        assert said and server.poll() is None, (tmp_path / "log").read_text()
    finally:
        server.terminate()
        server.wait(timeout=20)


def refused(*options):
    done = subprocess.run([PROGRAM, "serve", *options], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    return done.stderr


def test_a_second_server_on_the_same_data_is_refused(server):
    said = refused("--data-dir", server.data, "--listen", "127.0.0.1:0")
    assert "in use by another virga server" in said and "--data-dir" in said


def test_a_port_in_use_is_named_with_the_option(server, tmp_path):
    said = refused("--data-dir", tmp_path / "other", "--listen", f"127.0.0.1:{server.port}")
    assert "another program listens" in said and "--listen" in said


def test_a_killed_spawner_ends_the_server_and_the_next_start_sweeps(tmp_path):
    server = Server(tmp_path).start()
    spawner, pids, _ = busy(server)
    os.kill(spawner, signal.SIGKILL)
    assert server.process.wait(timeout=20) == 1
    until(lambda: not any(alive(p) for p in [spawner, *pids]), "all processes are gone")
    with Server(tmp_path) as again:
        assert again.call(again.create(HELLO))["success"]


def test_the_server_has_no_rights_when_it_listens(server):
    if os.geteuid() != 0:
        import pytest
        pytest.skip("not root: the server keeps its starter's uid")
    status = dict(line.split(":\t", 1) for line in
                  Path(f"/proc/{server.process.pid}/status").read_text().splitlines() if ":\t" in line)
    assert "0" not in status["Uid"].split() and status["Groups"].strip() == ""
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"].strip() == "1"


def test_a_data_directory_below_a_closed_one_works(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with Server(closed) as server:
        assert server.call(server.create(HELLO))["output"] == "hello"


def test_a_taken_port_is_an_error_that_names_it(tmp_path):
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    port = taken.getsockname()[1]
    done = subprocess.run([PROGRAM, "serve", "--data-dir", tmp_path / "d", "--listen", f"127.0.0.1:{port}"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and str(port) in done.stderr


def test_a_wrong_option_is_refused_with_what_it_takes(tmp_path):
    for option, words in {"--blanks=many": "whole number", "--listen=8000": "ADDRESS:PORT", "--nonsense": "unknown option",
                          "--allow-weaker=everything": "memory,cpu,pids,uids"}.items():
        done = subprocess.run([PROGRAM, "serve", "--data-dir", tmp_path / "d", option], capture_output=True, text=True, timeout=10)
        assert done.returncode == 2 and words in done.stderr, option


def test_calls_under_way_are_answered_before_a_stop(tmp_path):
    import threading
    server = Server(tmp_path).start()
    fn = server.create("import time\ndef handler(event):\n    time.sleep(1)\n    return 'finished'")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(server.invoke(fn).json))
    thread.start()
    until(lambda: server.metric('virga_slots{state="busy"}') == 1 or answers, "the call runs")
    assert server.stop(signal.SIGTERM) == 0
    thread.join()
    assert answers[0]["output"] == "finished"


def test_the_owner_key_is_private_and_stays(tmp_path):
    with Server(tmp_path) as server:
        key = server.key
        assert (server.data / "owner.key").stat().st_mode & 0o777 == 0o600
    with Server(tmp_path) as server:
        assert server.key == key


def test_without_root_it_says_what_is_not_enforced_and_serves(request):
    import pytest
    if os.geteuid() != 0:
        pytest.skip("not root: cannot become somebody else")
    for parent in PROGRAM.parents:
        if not parent.stat().st_mode & 0o001:
            pytest.skip(f"others may not enter {parent}")
    theirs = tempfile.TemporaryDirectory(prefix="virga-theirs-")
    request.addfinalizer(theirs.cleanup)
    directory = Path(theirs.name)  # not below tmp_path, which only its owner may enter
    os.chown(directory, 65534, 65534)
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", PROGRAM, "serve", "--listen=127.0.0.1:0",
               f"--data-dir={directory / 'data'}"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 1 and "--allow-weaker" in refused.stderr
    with Server(directory, command=[*command, "--allow-weaker=memory,cpu,pids,uids"]) as server:
        assert "not enforced here, as --allow-weaker accepts: own user id per slot" in server.log_text()
        assert server.call(server.create(HELLO))["output"] == "hello"
