"""Several servers on one PostgreSQL: what one acknowledges the others do, and what happens while the database is away."""

import http.client
import os
import select
import shutil
import subprocess
import threading
import time

import pytest

from postgres import Postgres
from virga import PROGRAM, Server, until

SECOND, QUESTIONS = 1.0, 50
READ = "import os\ndef handler(event): return os.environ.get('WORD')"
PASSWORD = "correct horse battery"


def returning(word):
    return f"def handler(event): return {word!r}"


def ok(reply):
    assert reply.status == 200, (reply.status, reply.body)
    return reply.json


def soon(condition, what):
    """Within a second, as docs/postgresql.md says; or where this machine takes longer for so many questions, within those."""
    end, asked = time.monotonic() + SECOND, 0
    while not condition():
        asked += 1
        assert time.monotonic() < end or asked < QUESTIONS, f"not within {SECOND} s: {what}"
        select.select([], [], [], 0.01)


def prepare(directory, keys_of=None):
    """A server's directory with the same keys as another's."""
    directory.mkdir()
    if keys_of:
        (directory / "data").mkdir(mode=0o700)
        for name in "secret.key", "token.key", "owner.key":
            shutil.copy2(keys_of.data / name, directory / "data" / name)
    return directory


@pytest.fixture(scope="module")
def pair(tmp_path_factory, postgres):
    base = tmp_path_factory.mktemp("servers")
    options = "--store", postgres.url("pair"), "--registration", "open"
    with Server(prepare(base / "a"), *options) as a, Server(prepare(base / "b", a), *options) as b:
        yield a, b


def project_of(server):
    return ok(server.request("POST", "/api/projects", {"name": f"p{os.urandom(5).hex()}"}))


def register(server):
    name = f"u{os.urandom(5).hex()}"
    made = ok(server.request("POST", "/api/register", {"name": name, "password": PASSWORD}, key=False))
    return name, made["account"]["id"], made["token"]


# --- what one acknowledges the others do ---

def test_saved_code_is_called_on_the_other_server(pair):
    a, b = pair
    fn = a.create(returning("one"))
    soon(lambda: b.invoke(fn).status == 200, "a new function")
    assert b.call(fn)["output"] == "one"
    for n in range(5):
        ok(a.request("PUT", f"/api/functions/{fn['id']}", {"code": returning(f"new {n}")}))
        assert a.call(fn)["output"] == f"new {n}"
        soon(lambda: b.call(fn)["output"] == f"new {n}", "the new code")  # noqa: B023
    ok(a.request("PUT", f"/api/functions/{fn['id']}/versions/1"))
    soon(lambda: b.call(fn)["output"] == "one", "rolled back")
    ok(a.request("PUT", f"/api/functions/{fn['id']}", {"status": "inactive"}))
    soon(lambda: b.invoke(fn).status == 400, "switched off")
    ok(a.request("DELETE", f"/api/functions/{fn['id']}"))
    soon(lambda: b.invoke(fn).status == 404, "deleted")


def test_variables_of_a_project_reach_the_other_server(pair):
    a, b = pair
    project = project_of(a)
    fn = a.create(READ, project_id=project["id"])
    for word in "first", "second":
        ok(a.request("POST", f"/api/projects/{project['id']}/env", {"key": "WORD", "value": word}))
        soon(lambda: b.invoke(fn).status == 200 and b.call(fn)["output"] == word, "the variable")  # noqa: B023


def test_routes_and_domains_reach_the_other_server(pair):
    a, b = pair
    project = project_of(a)
    base, host = f"/api/projects/{project['id']}", f"{os.urandom(4).hex()}.example"
    fn = a.create(returning("routed"), project_id=project["id"])
    route = ok(a.request("POST", f"{base}/routes", {"function_id": fn["id"], "method": "GET", "path": "/r"}))

    def routed():
        return b.request("GET", f"/api/gateway/{project['slug']}/r", key=False).status

    def at_domain():
        return b.request("GET", "/r", key=False, headers={"Host": host}).status
    soon(lambda: routed() == 200, "the route")
    ok(a.request("POST", f"{base}/domains", {"domain": host}))
    soon(lambda: at_domain() == 200, "the domain")
    ok(a.request("DELETE", f"{base}/domains/{host}"))
    soon(lambda: at_domain() == 404, "the domain is gone")
    ok(a.request("DELETE", f"{base}/routes/{route['id']}"))
    soon(lambda: routed() == 404, "the route is gone")


def test_a_deleted_project_ends_on_the_other_server(pair):
    a, b = pair
    project = project_of(a)
    fn = a.create(returning(1), project_id=project["id"])
    soon(lambda: b.invoke(fn).status == 200, "it is there")
    ok(a.request("DELETE", f"/api/projects/{project['id']}"))
    soon(lambda: b.invoke(fn).status == 404, "it is gone")
    assert b.request("GET", f"/api/projects/{project['id']}").status == 404


def test_access_and_members_reach_the_other_server(pair):
    a, b = pair
    project, (_, account, token) = project_of(a), register(a)
    fn = a.create(returning(1), project_id=project["id"])
    soon(lambda: b.invoke(fn, key=False).status == 200, "open to all")
    ok(a.request("PUT", f"/api/functions/{fn['id']}", {"access": "private"}))
    soon(lambda: b.invoke(fn, key=False).status == 401, "closed")
    assert b.invoke(fn, key=token).status == 403
    ok(a.request("PUT", f"/api/projects/{project['id']}/members/{account}", {"role": "viewer"}))
    soon(lambda: b.invoke(fn, key=token).status == 200, "open to a member")
    assert a.request("DELETE", f"/api/projects/{project['id']}/members/{account}").status == 200
    soon(lambda: b.invoke(fn, key=token).status == 403, "closed to who was one")


def test_credentials_work_at_once_and_end_on_the_other_server(pair):
    a, b = pair
    name, account, first = register(a)

    def status(key):
        return b.request("GET", "/api/account", key=key).status
    assert status(first) == 200, "a session"
    session = ok(a.request("POST", "/api/login", {"login": name, "password": PASSWORD}, key=False))["token"]
    assert status(session) == 200, "a login"
    key = ok(a.request("POST", "/api/keys", {"name": "k"}, key=session))
    assert status(key["key"]) == 200
    assert a.request("DELETE", f"/api/keys/{key['id']}", key=session).status == 200
    soon(lambda: status(key["key"]) == 401, "the key is revoked")
    tail = http.client.HTTPConnection("127.0.0.1", b.port, timeout=10)
    tail.request("GET", "/api/invocations/tail", headers={"Authorization": f"Bearer {session}"})
    stream = tail.getresponse()
    assert stream.status == 200
    ok(a.request("POST", "/api/logout", {}, key=session))
    assert b"event: end" in stream.read(), "what it follows ends too"
    tail.close()
    soon(lambda: status(session) == 401, "the session is over")
    assert status(first) == 200
    ok(a.request("PUT", f"/api/accounts/{account}", {"status": "disabled"}))
    soon(lambda: status(first) in (401, 403), "the account is disabled")


def test_calls_of_all_servers_are_in_one_list(pair):
    a, b = pair
    fn = a.create(returning(1))
    soon(lambda: b.invoke(fn).status == 200, "it is there")
    ids = {server.call(fn)["invocation_id"] for server in pair for _ in range(10)}
    for server in pair:
        until(lambda: {r["id"] for r in server.records(fn, "?limit=100")} >= ids, "both see all")  # noqa: B023


def test_both_servers_write_at_the_same_time(pair):
    saved, lock = [], threading.Lock()

    def write(server):
        for _ in range(15):
            fn = server.create(returning(1))
            with lock:
                saved.append(fn["id"])
    threads = [threading.Thread(target=write, args=(s,)) for s in pair * 2]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(saved) == 60
    for server in pair:
        soon(lambda: all(server.invoke({"id": i}).status == 200 for i in saved[::6]), "all are there")  # noqa: B023


# --- while the database is away ---

@pytest.fixture
def own():
    """A PostgreSQL that a test may kill: it waits for the disk as one in earnest."""
    with Postgres("fsync = on") as running:
        yield running


class Starved:
    """How long this process gets no processor, as somebody sees who wants to rest for a moment, again and again."""

    def __enter__(self):
        self.lost, self.over = 0, threading.Event()
        self.thread = threading.Thread(target=self.rest)
        self.thread.start()
        return self

    def rest(self):
        began = time.monotonic()
        while not self.over.wait(0.02):
            now = time.monotonic()
            self.lost += max(0, now - began - 0.04)
            began = now

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def timed(ask):
    """The reply, and how long it took but for the time in which nobody here could have taken it."""
    with Starved() as starved:
        began = time.monotonic()
        reply = ask()
        took = time.monotonic() - began
    return reply, took - starved.lost


def check_away(server, warm, project):
    """Calls go on; everything that needs the store says so soon."""
    for n in range(20):
        assert server.call(warm, n)["output"] == "warm"
    assert server.request("GET", f"/api/gateway/{project['slug']}/warm", key=False).status == 200
    for method, path, body in (("GET", "/api/functions", None), ("GET", f"/api/functions/{warm['id']}", None),
                               ("POST", "/api/functions", {"name": os.urandom(5).hex(), "code": READ}),
                               ("GET", f"/api/functions/{warm['id']}/invocations", None), ("GET", "/api/projects", None),
                               ("POST", "/api/login", {"login": "owner", "password": PASSWORD}),
                               ("GET", f"/api/functions/{warm['id']}/stats", None), ("GET", "/api/keys", None)):
        reply, took = timed(lambda: server.request(method, path, body))  # noqa: B023
        assert reply.status == 503 and took < 6, (method, path, reply.status, reply.body, took)
        assert reply.json["detail"] == "the database is away for the moment, try again", "strangers learn no address"


@pytest.mark.timeout(180)
def test_calls_go_on_while_postgresql_is_away_and_nothing_is_lost(tmp_path, own):
    with Server(prepare(tmp_path / "a"), "--store", own.url()) as server:
        project = project_of(server)
        warm = server.create(returning("warm"), project_id=project["id"])
        ok(server.request("POST", f"/api/projects/{project['id']}/routes", {"function_id": warm["id"], "method": "GET", "path": "/warm"}))
        kept = [server.call(warm)["invocation_id"]]
        assert [r["id"] for r in server.records(warm)] == kept, "committed, and on the disk with the next save"
        unused = server.create(returning("never called"))["id"]
        for away in own.kill9, own.stop:
            saved = [server.create(returning(n))["id"] for n in range(5)]
            away()
            kept += [server.call(warm)["invocation_id"] for _ in range(5)]
            check_away(server, warm, project)
            cold = server.call({"id": unused})
            assert cold["status"] == "platform_error" and cold["error"].endswith("the database is away for the moment, try again")
            assert own.directory in server.log_text(), "who runs the server learns what is away"
            own.start()
            until(lambda: server.request("GET", "/api/functions").status == 200, "works again by itself")
            for fn in saved:
                assert server.request("GET", f"/api/functions/{fn}").status == 200
            fresh = server.create(returning("fresh"))
            assert server.call(fresh)["output"] == "fresh"
            until(lambda: {r["id"] for r in server.records(warm, "?limit=200")} >= set(kept), "the records of the meantime")
        assert server.request("GET", "/metrics").status == 200


def test_all_who_ask_a_silent_postgresql_get_503_within_5_s(tmp_path, own):
    with Server(prepare(tmp_path / "a"), "--store", own.url()) as server:
        warm = server.create(returning("warm"))
        assert server.call(warm)["output"] == "warm"
        assert ok(server.request("GET", "/api/functions")), "a list that is kept in memory"
        replies = []
        own.pause()
        try:
            asking = [threading.Thread(target=lambda p=path: replies.append(timed(lambda: server.request("GET", p))))
                      for path in ("/api/projects", "/api/keys", f"/api/functions/{warm['id']}/invocations") * 8]
            for thread in asking:
                thread.start()
            assert timed(lambda: server.call(warm))[1] < 3, "calls go on, and wait for no answer of the database"
            for thread in asking:
                thread.join()
            assert {reply.status for reply, _ in replies} == {503} and max(took for _, took in replies) < 6, replies
            until(lambda: server.request("GET", "/api/functions").status == 503, "it may have changed elsewhere")
        finally:
            own.resume()
        until(lambda: server.request("GET", "/api/functions").status == 200, "works again by itself")
        assert server.call(server.create(returning("new")))["output"] == "new"


@pytest.mark.timeout(180)
def test_writers_get_200_or_503_while_postgresql_is_killed(tmp_path, own):
    with Server(prepare(tmp_path / "a"), "--store", own.url()) as server:
        stop, saved, statuses = threading.Event(), {}, set()

        def write():
            while not stop.is_set():
                reply = server.request("POST", "/api/functions", {"name": os.urandom(8).hex(), "code": READ})
                statuses.add(reply.status)
                if reply.status == 200:
                    saved[reply.json["id"]] = reply.json["name"]

        writers = [threading.Thread(target=write) for _ in range(4)]
        for w in writers:
            w.start()
        for _ in range(2):
            before = len(saved)
            until(lambda: len(saved) > before + 20, "writes")  # noqa: B023
            own.kill9()
            own.start()
        before = len(saved)
        until(lambda: len(saved) > before + 5, "writes again")
        stop.set()
        for w in writers:
            w.join()
        assert statuses <= {200, 503}, statuses
        listed = {f["id"] for f in ok(server.request("GET", "/api/functions?limit=1000"))}
        assert listed >= set(saved), "acknowledged and lost"
        until(lambda: all(server.invoke({"id": i}).status == 200 for i in listed), "memory holds what the store does", 60)


@pytest.mark.timeout(180)
def test_a_server_catches_up_with_what_it_missed(tmp_path, own):
    options = "--store", own.url()
    with Server(prepare(tmp_path / "a"), *options) as a, Server(prepare(tmp_path / "b", a), *options) as b:
        fn, gone = b.create(returning("old")), b.create(returning("gone"))
        soon(lambda: a.invoke(fn).status == 200 and a.invoke(gone).status == 200, "both are there")
        cut = ("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'")
        for n in range(5):
            assert int(own.sql(cut)[0][0]) >= 1
            ok(b.request("PUT", f"/api/functions/{fn['id']}", {"code": returning(f"new {n}")}))
            until(lambda: a.call(fn)["output"] == f"new {n}", "what changed meanwhile")  # noqa: B023
        own.sql(cut)
        ok(b.request("DELETE", f"/api/functions/{gone['id']}"))
        until(lambda: a.invoke(gone).status == 404, "what went meanwhile")
        own.restart()
        until(lambda: b.request("PUT", f"/api/functions/{fn['id']}", {"code": returning("after")}).status == 200, "works again")
        until(lambda: a.call(fn)["output"] == "after", "hears again")
        until(lambda: a.request("GET", "/api/functions").status == 200, "both work")


def test_what_could_not_be_read_after_a_change_is_read_later(tmp_path, postgres):
    """Somebody holds a table: the save is committed, the server cannot look at what it has to work with from now on."""
    url = postgres.url("held")
    with Server(prepare(tmp_path / "a"), "--store", url) as server:
        fn = server.create(returning("old"), project_id=project_of(server)["id"])
        assert server.call(fn)["output"] == "old"
        with subprocess.Popen(["psql", "-XAtq", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            holder.stdin.write("BEGIN; LOCK TABLE project_variables IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n")
            holder.stdin.flush()
            assert holder.stdout.readline() == "held\n"
            ok(server.request("PUT", f"/api/functions/{fn['id']}", {"code": returning("new")}))
            assert server.call(fn)["output"] == "old", "it goes on as it was"
            assert "memory is behind the store" in server.log_text() and "read anew" not in server.log_text()
            holder.stdin.close()
        until(lambda: server.call(fn)["output"] == "new", "it has caught up")
        until(lambda: "everything was read anew" in server.log_text(), "and says so")


def test_a_start_without_the_database_says_so(tmp_path, own):
    url = own.url()
    own.stop()
    ended = subprocess.run([PROGRAM, "serve", "--data-dir", tmp_path / "data", "--listen", "127.0.0.1:0", "--store", url],
                           capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1 and "store:" in ended.stderr and "PostgreSQL" in ended.stderr, ended.stderr
    assert "virga@" not in ended.stderr
    own.start()
    with Server(tmp_path, "--store", url) as server:
        assert server.call(server.create(returning(1)))["output"] == 1


def test_a_server_stops_while_the_database_is_away(tmp_path, own):
    server = Server(tmp_path, "--store", own.url()).start()
    server.call(server.create(returning(1)))
    own.stop()
    assert server.stop() == 0
