"""virga backup, restore, migrate and rotate-key: on a server that works, on one that is stopped, and on what is wrong."""

import os
import shutil
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

import virga as harness
from virga import PROGRAM, until

SHOW = "import os\ndef handler(event): return {key: os.environ.get(key) for key in ('OWN', 'SHARED')}"
ROOT = os.geteuid() == 0
STRANGER = 1899999990


def Server(directory, *options):
    return harness.Server(directory, "--registration", "open", *options)


def virga(*arguments, **options):
    env = {k: v for k, v in os.environ.items() if not k.startswith("VIRGA_")}
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60, env=env, **options)


def done(*arguments):
    ended = virga(*arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def refused(*arguments, status=1, **options):
    ended = virga(*arguments, **options)
    assert ended.returncode == status and not ended.stdout, (ended.returncode, ended.stdout, ended.stderr)
    return ended.stderr


def on(server, verb, *arguments):
    return verb, *arguments, "--data-dir", server.data


def ok(reply):
    assert reply.status == 200, (reply.status, reply.body)
    return reply.json


class Filling:
    """A bit of everything, and the proof that it is there."""

    def __init__(self, server, word):
        self.word = word
        self.project = ok(server.request("POST", "/api/projects", {"name": f"project {word}"}))
        self.fn = server.create(SHOW, name=word, project_id=self.project["id"], environment={"OWN": f"own {word}"})
        self.path = f"/api/functions/{self.fn['id']}"
        self.variable(server, f"shared {word}")
        ok(server.request("POST", f"/api/projects/{self.project['id']}/routes",
                          {"function_id": self.fn["id"], "method": "GET", "path": "/there"}))
        ok(server.request("POST", "/api/register", {"name": word, "password": f"password of {word}"}, key=False))
        self.key = ok(server.request("POST", "/api/keys", {"name": word, "scopes": ["functions:read", "invoke"]}))["key"]
        ok(server.request("PUT", f"{self.path}/inputs/{word}", {"input": [word]}))
        self.record = server.call(self.fn)["invocation_id"]
        assert server.records(self.fn)[0]["id"] == self.record  # a list waits until it is in the store

    def variable(self, server, value):
        self.shared = value
        ok(server.request("POST", f"/api/projects/{self.project['id']}/env",
                          {"key": "SHARED", "value": value, "is_secret": True}))

    def output(self):
        return {"OWN": f"own {self.word}", "SHARED": self.shared}

    def is_there(self, server):
        return server.request("GET", f"/api/functions/{self.fn['id']}", key=self.key).status == 200

    def check(self, server):
        assert server.call(self.fn)["output"] == self.output()
        assert ok(self.through_route(server)) == self.output()
        assert self.log_in(server).status == 200
        assert self.record in [r["id"] for r in server.records(self.fn)]
        assert [i["input"] for i in ok(server.request("GET", f"{self.path}/inputs"))] == [[self.word]]
        assert self.is_there(server)

    def check_gone(self, server):
        """From the store and from memory."""
        assert server.request("GET", f"/api/functions/{self.fn['id']}").status == 404
        assert server.invoke(self.fn).status == 404
        assert self.through_route(server).status == 404
        assert self.log_in(server).status == 401
        assert server.request("GET", "/api/functions", key=self.key).status == 401

    def through_route(self, server):
        return server.request("GET", f"/api/gateway/{self.project['slug']}/there", key=False)

    def log_in(self, server):
        return server.request("POST", "/api/login", {"login": self.word, "password": f"password of {self.word}"}, key=False)


def private(directory):
    """What lies below layers/ and postgres/ is for sandboxes and the database's user too; nobody else gets there through the
    directory above."""
    top = Path(directory)
    shared = {top / "layers", top / "postgres"}
    below = [p for p in top.rglob("*") if p.name == ".server" or not shared & {p, *p.parents}]
    return all(p.stat().st_mode & 0o077 == 0 for p in [Path(directory), *below])


# --- backup ---

def test_a_backup_under_writes_is_whole(tmp_path):
    with Server(tmp_path) as server:
        filling = Filling(server, "kept")
        stop, saved = threading.Event(), []

        def write():
            while not stop.is_set():
                saved.append(server.create("def handler(e): return 1", name=os.urandom(8).hex())["id"])

        writers = [threading.Thread(target=write) for _ in range(3)]
        for w in writers:
            w.start()
        until(lambda: len(saved) > 10, "there are writes")
        for n in range(3):
            before = list(saved)
            done(*on(server, "backup", tmp_path / f"b{n}"))
            until(lambda: len(saved) > len(before) + 5, "writes go on")
            with sqlite3.connect(f"file:{tmp_path}/b{n}/virga.db?mode=ro&immutable=1", uri=True) as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert not db.execute("PRAGMA foreign_key_check").fetchall()
                there = {i for (i,) in db.execute("SELECT id FROM functions")}
                assert there >= {*before, filling.fn["id"]}, "acknowledged before the backup began"
                assert db.execute("SELECT count(*) FROM functions f WHERE NOT EXISTS (SELECT 1 FROM function_versions v"
                                  " WHERE v.function_id = f.id)").fetchone() == (0,)
            db.close()
        stop.set()
        for w in writers:
            w.join()
        assert sorted(os.listdir(tmp_path / "b0")) == ["secret.key", "token.key", "virga.db"]
        assert private(tmp_path / "b0")
        filling.check(server)


def test_a_stopped_servers_backup_opens_as_a_data_directory(tmp_path):
    with Server(tmp_path) as server:
        filling = Filling(server, "kept")
    done(*on(server, "backup", tmp_path / "backup"))
    (tmp_path / "other").mkdir()
    shutil.move(tmp_path / "backup", tmp_path / "other" / "data")
    with Server(tmp_path / "other") as other:
        filling.check(other)


def test_a_backup_takes_what_is_still_in_the_log_of_a_killed_server(tmp_path):
    server = Server(tmp_path).start()
    fn = server.create(SHOW)
    server.stop(9)
    done(*on(server, "backup", tmp_path / "backup"))
    with sqlite3.connect(tmp_path / "backup" / "virga.db") as db:
        assert db.execute("SELECT id FROM functions").fetchall() == [(fn["id"],)]
    db.close()
    with Server(tmp_path) as again:
        again.call(fn)


def test_a_backup_that_cannot_be_made_leaves_nothing_that_looks_like_one(tmp_path):
    (tmp_path / "data").mkdir(mode=0o700)
    message = refused("backup", tmp_path / "b", "--data-dir", tmp_path / "data")
    assert "there is no 'secret.key'" in message
    assert os.listdir(tmp_path / "b") == [] and os.listdir(tmp_path / "data") == []
    for key in "secret.key", "token.key":
        (tmp_path / "data" / key).write_bytes(b"x" * 32)
    assert "there is no store" in refused("backup", tmp_path / "c", "--data-dir", tmp_path / "data")
    assert os.listdir(tmp_path / "c") == []
    assert not (tmp_path / "data" / "virga.db").exists(), "looking made no store"


def test_a_backup_never_writes_into_what_exists(tmp_path):
    with Server(tmp_path) as server:
        (tmp_path / "b").mkdir()
        assert "File exists" in refused(*on(server, "backup", tmp_path / "b"))
        assert "No such file" in refused(*on(server, "backup", tmp_path / "no" / "b"))


# --- restore ---

def test_a_running_server_goes_on_with_what_was_restored(tmp_path):
    with Server(tmp_path) as server:
        kept = Filling(server, "kept")
        deleted = Filling(server, "deleted")
        backup = tmp_path / "backup"
        done(*on(server, "backup", backup))
        later = Filling(server, "later")
        ok(server.request("PUT", f"/api/functions/{kept.fn['id']}", {"code": "def handler(e): return 'changed'"}))
        ok(server.request("DELETE", f"/api/projects/{deleted.project['id']}"))
        assert server.call(kept.fn)["output"] == "changed" and server.invoke(deleted.fn).status == 404
        assert "running server" in done(*on(server, "restore", backup))
        until(lambda: "everything was read anew" in server.log_text(), "the server has read it")
        for filling in kept, deleted:
            filling.check(server)
        later.check_gone(server)
        after = Filling(server, "after")
        after.check(server)
        assert server.request("GET", "/metrics").status == 200
    with Server(tmp_path) as again:
        for filling in kept, deleted, after:
            filling.check(again)
        later.check_gone(again)
    assert not list(server.data.glob("restore.db*")) and private(server.data)


def test_a_running_server_under_writes_takes_a_restore(tmp_path):
    with Server(tmp_path) as server:
        kept = Filling(server, "kept")
        done(*on(server, "backup", tmp_path / "backup"))
        stop, statuses = threading.Event(), set()

        def write():
            while not stop.is_set():
                reply = server.request("POST", "/api/functions", {"name": os.urandom(8).hex(), "code": SHOW})
                statuses.add(reply.status)

        writers = [threading.Thread(target=write) for _ in range(2)]
        for w in writers:
            w.start()
        for n in range(1, 4):
            done(*on(server, "restore", tmp_path / "backup"))
            until(lambda: server.log_text().count("everything was read anew") >= n, "the server has read it")
        stop.set()
        for w in writers:
            w.join()
        assert statuses <= {200, 503}, statuses
        kept.check(server)
        listed = {f["id"] for f in ok(server.request("GET", "/api/functions?limit=1000"))}
        with sqlite3.connect(server.data / "virga.db") as db:
            assert {i for (i,) in db.execute("SELECT id FROM functions")} == listed
        db.close()


def test_a_stopped_server_starts_with_what_was_restored(tmp_path):
    with Server(tmp_path) as server:
        kept = Filling(server, "kept")
        done(*on(server, "backup", tmp_path / "backup"))
        later = Filling(server, "later")
    done(*on(server, "restore", tmp_path / "backup"))
    with Server(tmp_path) as again:
        kept.check(again)
        later.check_gone(again)


def test_another_machine_takes_store_and_keys_of_a_backup(tmp_path):
    with Server(tmp_path) as server:
        kept = Filling(server, "kept")
        done(*on(server, "backup", tmp_path / "backup"))
    (tmp_path / "new" / "data").mkdir(parents=True, mode=0o700)
    done("restore", tmp_path / "backup", "--data-dir", tmp_path / "new" / "data")
    with Server(tmp_path / "new") as new:
        kept.check(new)
    assert private(new.data)
    with Server(tmp_path / "new") as used:
        assert "stop it first" in refused(*on(server, "restore", tmp_path / "no")) or used
    (tmp_path / "third").mkdir()
    with Server(tmp_path / "third") as third:
        mine = Filling(third, "mine")
        assert "another 'secret.key' than the running server" in refused(*on(third, "restore", tmp_path / "backup"))
        mine.check(third)
    done(*on(third, "restore", tmp_path / "backup"))
    with Server(tmp_path / "third") as third:
        kept.check(third)
        mine.check_gone(third)


def test_a_store_of_a_newer_version_is_refused(tmp_path):
    with Server(tmp_path) as server:
        kept = Filling(server, "kept")
        done(*on(server, "backup", tmp_path / "backup"))
        with sqlite3.connect(tmp_path / "backup" / "virga.db") as db:
            columns = [c[1] for c in db.execute("PRAGMA table_info(schema_version)")]
            db.execute(f"INSERT INTO schema_version ({', '.join(columns)}) SELECT "
                       + ", ".join("9999" if c == "number" else c for c in columns) + " FROM schema_version LIMIT 1")
        db.close()
        for _ in range(2):
            assert "newer" in refused(*on(server, "restore", tmp_path / "backup"))
            kept.check(server)
            if server.process.poll() is None:
                server.stop()
                server.start()
    assert not list(server.data.glob("restore.db*"))


@pytest.mark.parametrize("damage, message", [
    (lambda b: (b / "virga.db").unlink(), "virga.db"),
    (lambda b: (b / "virga.db").write_bytes(b"this is no database, but long enough for one" * 100), "not a database"),
    (lambda b: (b / "virga.db").write_bytes((b / "virga.db").read_bytes()[:20000]), "malformed"),
    (lambda b: (b / "secret.key").unlink(), "there is no 'secret.key'"),
    (lambda b: (b / "token.key").unlink(), "there is no 'token.key'"),
    (lambda b: shutil.rmtree(b), "No such file"),
])
def test_a_damaged_backup_changes_nothing(tmp_path, damage, message):
    with Server(tmp_path) as server:
        kept = Filling(server, "kept")
        done(*on(server, "backup", tmp_path / "backup"))
        damage(tmp_path / "backup")
        assert message in refused(*on(server, "restore", tmp_path / "backup"))
        kept.check(server)
    assert message in refused(*on(server, "restore", tmp_path / "backup"))
    with Server(tmp_path) as again:
        kept.check(again)


# --- rotate-key ---

def secrets_open(server, *fillings):
    for filling in fillings:
        assert server.call(filling.fn)["output"] == filling.output()
        revealed = ok(server.request("GET", f"/api/projects/{filling.project['id']}/env"))
        assert [v["key"] for v in revealed] == ["SHARED"]


def test_rotating_keeps_every_secret_and_no_old_key(tmp_path):
    with Server(tmp_path) as server:
        fillings = [Filling(server, f"f{n}") for n in range(3)]
        assert "stop it first" in refused(*on(server, "rotate-key"))
    old = (server.data / "secret.key").read_bytes()
    assert "3 variables, the environments of 3 functions and the passwords of 0 databases" in done(*on(server, "rotate-key"))
    assert (server.data / "secret.key").read_bytes() != old
    assert not list(server.data.glob("secret.key.*")) and private(server.data)
    with Server(tmp_path) as again:
        secrets_open(again, *fillings)
        fillings.append(Filling(again, "new"))
    done(*on(server, "rotate-key"))
    with Server(tmp_path) as again:
        secrets_open(again, *fillings)


def test_a_rotation_that_was_interrupted_loses_nothing(tmp_path):
    """Before and after its commit: the new key is beside the old one, and the store is sealed with either."""
    with Server(tmp_path) as server:
        fillings = [Filling(server, "first")]
    data = server.data
    old = (data / "secret.key").read_bytes()
    done(*on(server, "rotate-key"))
    shutil.copy2(data / "secret.key", data / "secret.key.new")
    (data / "secret.key").write_bytes(old)  # as if killed between the commit and the rename
    if ROOT:
        shutil.chown(data / "secret.key.new", data.stat().st_uid, data.stat().st_gid)
    with Server(tmp_path) as again:
        secrets_open(again, *fillings)
        fillings.append(Filling(again, "second"))
        done(*on(server, "backup", tmp_path / "backup"))
        secrets_open(again, *fillings)
    (tmp_path / "new" / "data").mkdir(parents=True, mode=0o700)
    done("restore", tmp_path / "backup", "--data-dir", tmp_path / "new" / "data")
    with Server(tmp_path / "new") as new:
        secrets_open(new, *fillings)
    done(*on(server, "rotate-key"))
    assert not list(data.glob("secret.key.*"))
    with Server(tmp_path) as again:
        secrets_open(again, *fillings)


def test_a_rotation_with_a_secret_that_does_not_open_changes_nothing(tmp_path):
    with Server(tmp_path) as server:
        kept, broken = Filling(server, "kept"), Filling(server, "broken")
    with sqlite3.connect(server.data / "virga.db") as db:
        db.execute("UPDATE functions SET environment = (SELECT environment FROM functions WHERE id = ?) WHERE id = ?",
                   (kept.fn["id"], broken.fn["id"]))
    db.close()
    assert broken.fn["id"] in refused(*on(server, "rotate-key"))
    with Server(tmp_path) as again:
        secrets_open(again, kept)


# --- migrate ---

def test_everything_moves_to_postgresql_and_goes_on_there(tmp_path, postgres):
    url = postgres.url("move")
    with Server(tmp_path) as server:
        fillings = [Filling(server, f"f{n}") for n in range(3)]
        assert "stop it first" in refused(*on(server, "migrate", "--to", url))
    assert "moved" in done(*on(server, "migrate", "--to", url))
    assert "not empty" in refused(*on(server, "migrate", "--to", url))
    with Server(tmp_path, "--store", url) as there:
        for filling in fillings:
            filling.check(there)
        new = Filling(there, "new")
        new.check(there)
        assert "pg_dump" in refused("backup", tmp_path / "b", "--data-dir", there.data, "--store", url)
        assert "pg_restore" in refused("restore", tmp_path / "b", "--data-dir", there.data, "--store", url)
    done("rotate-key", "--data-dir", server.data, "--store", url)
    with Server(tmp_path, "--store", url) as there:
        secrets_open(there, *fillings, new)


def test_everything_moves_back_from_postgresql(tmp_path, postgres):
    url = postgres.url("back")
    with Server(tmp_path, "--store", url) as server:
        filling = Filling(server, "moved")
    done("migrate", "--data-dir", server.data, "--store", url, "--to", "/proc/self/cwd/virga.db") if not ROOT else \
        done("migrate", "--data-dir", server.data, "--store", url, "--to", give(tmp_path / "to") / "virga.db")
    shutil.move(tmp_path / "to" / "virga.db", server.data / "virga.db")
    with Server(tmp_path) as again:
        filling.check(again)


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    with Server(tmp_path) as server:
        pass
    for path in server.data.glob("virga.db*"):
        path.unlink()
    for verb in (*on(server, "rotate-key"),), (*on(server, "migrate", "--to", tmp_path / "x.db"),):
        assert "there is no store" in refused(*verb)
    assert not (server.data / "virga.db").exists() and not (tmp_path / "x.db").exists()


# --- the command line ---

@pytest.mark.parametrize("arguments, message", [
    (["backup"], "which directory?"),
    (["restore"], "which directory?"),
    (["backup", "a", "b"], "'b'"),
    (["backup", "a", "--to", "b"], "'--to'"),
    (["rotate-key", "now"], "'now'"),
    (["backup", "--nonsense"], "'--nonsense'"),
    (["backup", "a", "--data-dir"], "'--data-dir'"),
])
def test_wrong_usage_is_named_and_shows_the_right_one(arguments, message):
    shown = refused(*arguments, status=2)
    assert message in shown and f"Usage: virga {arguments[0]}" in shown


def test_help_and_wrong_places(tmp_path):
    for verb in "backup", "restore", "migrate", "rotate-key":
        assert f"Usage: virga {verb}" in done(verb, "--help")
        rest = ["x"] if verb in ("backup", "restore") else ["--to", tmp_path / "x"] if verb == "migrate" else []
        assert "--data-dir names another" in refused(verb, *rest, f"--data-dir={tmp_path}/none")
    assert "where to?" in refused("migrate", "--data-dir", tmp_path)
    assert "same store" in refused("migrate", "--data-dir", tmp_path, "--store", "a.db", "--to", "a.db")


def give(directory, uid=None):
    directory.mkdir()
    if ROOT:
        os.chown(directory, uid or 1899999999, uid or 1899999999)
    return directory


@pytest.mark.skipif(not ROOT, reason="needs root: becomes two other users")
def test_only_the_owner_of_the_data_may_work_on_it(tmp_path):
    os.chmod(tmp_path, 0o755)
    for parent in tmp_path.parents:
        if parent != Path("/tmp") and Path("/tmp") in parent.parents:
            os.chmod(parent, 0o755)
    with Server(tmp_path) as server:
        kept = Filling(server, "kept")
        uid = server.data.stat().st_uid
        for user, status in (STRANGER, 1), (uid, 0):
            into = give(tmp_path / f"of-{user}", user)
            ended = virga(*on(server, "backup", into / "b"), user=user, group=user, extra_groups=[])
            assert ended.returncode == status, ended.stderr
            if status:
                assert "Permission denied" in ended.stderr and os.listdir(into) == []
        os.chmod(server.data, 0o755)
        assert f"belongs to uid {uid}" in refused(*on(server, "backup", tmp_path / f"of-{STRANGER}" / "b"), user=STRANGER,
                                                  group=STRANGER, extra_groups=[])
        os.chmod(server.data, 0o700)
        ended = virga(*on(server, "restore", tmp_path / f"of-{uid}" / "b"), user=uid, group=uid, extra_groups=[])
        assert ended.returncode == 0, ended.stderr
        until(lambda: "everything was read anew" in server.log_text(), "the server has read it")
        kept.check(server)
        assert {p.stat().st_uid for p in server.data.iterdir() if p.name not in ("owner.key", "server.pid", "postgres")} == {uid}
