"""What was acknowledged is there afterwards: through kill -9, clean stops and full disks."""

import http.client
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time

import pytest

from virga import PROGRAM, Server, until

CODE = "def handler(event): return event"


def name():
    return f"f{os.urandom(6).hex()}"


def saver(server, acknowledged, stop):
    """Creates, changes and deletes until the server is gone; writes down only what was answered."""
    mine, n = None, 0
    while not stop.is_set():
        n += 1
        code = f"def handler(event): return {n}"
        try:
            if mine is None or n % 7 == 0:
                reply = server.request("POST", "/api/functions", {"name": name(), "code": code, "environment": {"N": str(n)}})
                mine = reply.json["id"]
            elif n % 13 == 0:
                acknowledged[mine] = "deleting"
                server.request("DELETE", f"/api/functions/{mine}")
                acknowledged[mine] = "deleted"
                mine = None
                continue
            else:
                acknowledged[mine] = (*acknowledged[mine][:2], n)  # this save may or may not be there
                reply = server.request("PUT", f"/api/functions/{mine}", {"code": code})
            acknowledged[mine] = (reply.json["active_version"], n, n)
        except (OSError, ValueError, http.client.HTTPException):
            return


def caller(server, fn, stop):
    while not stop.is_set():
        try:
            server.invoke(fn)
        except (OSError, ValueError, http.client.HTTPException):
            return


def saves(acknowledged):
    """How far a saver has come, who goes on writing while we look: hence the copy."""
    return max((state[1] for state in list(acknowledged.values()) if isinstance(state, tuple)), default=0)


def test_kill_9_during_saves_and_calls_loses_nothing_acknowledged(tmp_path):
    dice = random.Random(6)
    known, records = {}, set()
    keep_all = "--calls-kept=1000000"  # how many there are is a matter of how long saves take
    with Server(tmp_path, keep_all) as server:
        steady = server.create(CODE)
    for _ in range(10):
        server = Server(tmp_path, keep_all).start()
        stop, acknowledged = threading.Event(), [{} for _ in range(4)]
        threads = [threading.Thread(target=saver, args=(server, a, stop)) for a in acknowledged]
        threads += [threading.Thread(target=caller, args=(server, steady, stop)) for _ in range(2)]
        for t in threads:
            t.start()
        enough = dice.randrange(5, 40)
        until(lambda: sum(map(len, acknowledged)) > 3 and max(map(saves, acknowledged)) > enough, "saves happen")
        records |= {r["id"] for r in server.records(steady)}
        server.stop(signal.SIGKILL)
        stop.set()
        for t in threads:
            t.join(timeout=20)
            assert not t.is_alive()
        for a in acknowledged:
            known.update(a)
        with Server(tmp_path, keep_all) as again:
            check_functions(again, known)
            assert again.call(steady, 5)["output"] == 5
            assert records <= all_records(again, steady), "records that were shown are still there"
    with sqlite3.connect(server.data / "virga.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def check_functions(server, known):
    for id, state in known.items():
        reply = server.request("GET", f"/api/functions/{id}")
        if state in ("deleted", "deleting"):
            assert reply.status == 404 or state == "deleting", id
            continue
        version, least, most = state
        fn = reply.json
        assert reply.status == 200 and fn["active_version"] >= version
        n = int(fn["code"].split()[-1])
        assert n in (least, most) and fn["environment"] == {"N": "****"}, (fn, state)
        versions = [v["version"] for v in server.request("GET", f"/api/functions/{id}/versions").json]
        assert versions == list(range(fn["active_version"], 0, -1))
    for id in random.Random(len(known)).sample(sorted(known), min(3, len(known))):
        if isinstance(known[id], tuple):
            assert server.call({"id": id})["output"] in known[id][1:]


def all_records(server, fn):
    found, before = set(), ""
    while page := server.records(fn, f"?limit=200{before}"):
        found |= {r["id"] for r in page}
        before = f"&before={page[-1]['id']}"
    return found


def test_records_survive_a_clean_stop_without_being_asked_for(tmp_path):
    with Server(tmp_path) as server:
        fn = server.create(CODE)
        ids = [server.call(fn, n)["invocation_id"] for n in range(50)]
        assert server.stop() == 0
    with Server(tmp_path) as again:
        assert [r["id"] for r in again.records(fn)] == ids[::-1]


def test_records_are_kept_up_to_the_number_asked_for(tmp_path):
    with Server(tmp_path, "--calls-kept=20") as server:
        fn, other = server.create(CODE), server.create(CODE)
        kept = [server.call(other, n)["invocation_id"] for n in range(5)]
        ids = [server.call(fn, n)["invocation_id"] for n in range(100)]
        until(lambda: len(server.records(fn, "?limit=200")) <= 22, "older records go")
        left = [r["id"] for r in server.records(fn, "?limit=200")]
        assert left == ids[::-1][:len(left)] and len(left) >= 18
        assert [r["id"] for r in server.records(other)] == kept[::-1], "another function's stay"


def test_records_are_kept_for_the_days_asked_for(tmp_path):
    with Server(tmp_path) as server:
        fn = server.create(CODE)
        ids = [server.call(fn, n)["invocation_id"] for n in range(6)]
    with sqlite3.connect(server.data / "virga.db") as db:
        old = int((time.time() - 3 * 86400) * 1e6)
        changed = db.execute(f"UPDATE {records_table(db)} SET created_us = ? WHERE id IN (?, ?, ?)", (old, *ids[:3])).rowcount
        assert changed == 3
    db.close()
    with Server(tmp_path, "--calls-days=2") as again:
        again.call(fn)
        until(lambda: not set(ids[:3]) & {r["id"] for r in again.records(fn)}, "old records go")
        assert {r["id"] for r in again.records(fn)} >= set(ids[3:])


def records_table(db):
    return next(t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if t in ("calls", "invocations"))


def test_secrets_are_nowhere_in_the_data_directory(tmp_path):
    with Server(tmp_path) as server:
        fn = server.create("import os\ndef handler(event): return len(os.environ['S'])", environment={"S": "hush-hush-hush"})
        assert server.call(fn)["output"] == 14
        server.request("PUT", f"/api/functions/{fn['id']}", {"environment": {"S": "hush-hush-again"}})
        server.deploy({"main.py": b"def handler(e): pass", "virga.json": b'{"environment": {"S": "hush-hush-third"}}'}, fn["name"])
    for path in server.data.rglob("*"):
        assert not path.is_file() or b"hush-hush" not in path.read_bytes(), path
        assert not path.is_file() or path.stat().st_mode & 0o077 == 0, f"{path} is for others too"
    assert "hush-hush" not in server.log_text()


def test_a_second_server_on_the_same_data_is_refused(tmp_path):
    with Server(tmp_path) as server:
        fn = server.create(CODE)
        second = subprocess.run([PROGRAM, "serve", "--data-dir", server.data, "--listen", "127.0.0.1:0"], capture_output=True,
                                text=True, timeout=30)
        assert second.returncode == 1 and "in use by another virga server" in second.stderr and str(server.data) in second.stderr
        assert server.call(fn, 1)["output"] == 1


def test_a_second_server_on_the_same_file_is_refused(tmp_path):
    with tempfile.TemporaryDirectory(prefix="virga-store-", dir="/tmp") as folder:
        os.chmod(folder, 0o777)  # servers give up their rights before they open it
        options = "--store", f"{folder}/virga.db"
        with Server(tmp_path, *options) as server:
            command = [PROGRAM, "serve", "--data-dir", tmp_path / "other", "--listen", "127.0.0.1:0", *options]
            second = subprocess.run(command, capture_output=True, text=True, timeout=30)
            assert second.returncode == 1 and f"'{folder}/virga.db' is in use by another virga server" in second.stderr
            assert server.call(server.create(CODE), 1)["output"] == 1


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts a tmpfs")
    disk = tmp_path / "data"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", disk], capture_output=True, timeout=10).returncode:
        pytest.skip("no right to mount a tmpfs")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True, timeout=10)


def test_a_full_disk_fails_saves_clearly_and_nothing_else(tmp_path, small_disk):
    with Server(tmp_path) as server:
        fn = server.create(CODE)
        first = server.call(fn, 0)["invocation_id"]
        assert server.records(fn)
        with open(small_disk / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4096)
            except OSError:
                pass
        failed = [server.request("POST", "/api/functions", {"name": name(), "code": "# " + "x" * 500_000}) for _ in range(3)]
        for reply in failed:
            assert reply.status == 503 and "full" in reply.json["detail"], (reply.status, reply.body)
            assert int(reply.headers["Retry-After"]) >= 1
        for n in range(200):
            assert server.call(fn, n)["output"] == n
        assert server.request("GET", f"/api/functions/{fn['id']}").json == fn
        began = time.monotonic()
        for _ in range(8):
            assert first in {r["id"] for r in server.records(fn, "?limit=200")}, "records that are there can be read"
        assert time.monotonic() - began < 20, "nobody waits 5 s for records that cannot be written"
        os.remove(small_disk / "ballast")
        saved = until(lambda: (r := server.request("POST", "/api/functions", {"name": name(), "code": CODE})).status == 200 and r.json,
                      "saves work again")
        assert server.call(saved, 7)["output"] == 7
        until(lambda: len(all_records(server, fn)) == 201, "the records of the meantime arrive")


def test_a_lost_secret_key_costs_the_environments_and_nothing_else(tmp_path):
    read = "import os\ndef handler(event): return os.environ.get('TOKEN')"
    with Server(tmp_path) as server:
        secret = server.create(read, environment={"TOKEN": "one"})
        plain = server.create("def handler(event): return 'plain'")
    (server.data / "secret.key").unlink()
    with Server(tmp_path) as server:
        shown = {f["id"]: f for f in server.request("GET", "/api/functions").json}
        assert shown[secret["id"]]["environment"] is None and shown[plain["id"]]["environment"] == {}
        assert server.call(plain)["output"] == "plain"
        saved = server.request("PUT", f"/api/functions/{secret['id']}", {"environment": {"TOKEN": "two"}})
        assert saved.status == 200 and saved.json["environment"] == {"TOKEN": "****"}
        assert server.call(secret)["output"] == "two"
