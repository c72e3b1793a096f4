"""A PostgreSQL database per project: made, used, bounded and taken away again, and nobody else's data in reach."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from postgres import Postgres
from virga import Server, held_port, until

PASSWORD = "correct horse battery"


def ok(reply):
    assert reply.status == 200, (reply.status, reply.body)
    return reply.json


def detail(reply, status):
    assert reply.status == status, (reply.status, reply.body)
    return reply.json["detail"]


class Admin(Postgres):
    """A PostgreSQL that asks for passwords over TCP, as a real one does; its administrator comes without one."""

    def __init__(self):
        self.held = held_port()
        self.port = self.held.getsockname()[1]
        super().__init__("listen_addresses = '127.0.0.1'", f"port = {self.port}")
        rules = Path(self.directory) / "hba"
        rules.write_text("local all all trust\nhost all virga all trust\nhost all all all scram-sha-256\n")
        rules.chmod(0o644)
        self.settings += f"hba_file = '{rules}'",

    def __exit__(self, *_):
        super().__exit__()
        self.held.close()

    def start(self):
        super().start()
        self.admin += f"&port={self.port}"
        self.tcp = f"postgres://virga@127.0.0.1:{self.port}/postgres"
        return self

    def of(self, name):
        """Roles and databases whose name begins so."""
        return self.sql(f"SELECT rolname FROM pg_roles WHERE rolname ~ '^{name}' UNION ALL"
                        f" SELECT datname FROM pg_database WHERE datname ~ '^{name}'")


@pytest.fixture(scope="module")
def admin():
    with Admin() as running:
        yield running


@pytest.fixture(scope="module")
def server(admin, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("virga"), "--database-provider", "server", "--database-url", admin.tcp,
                "--database-size-mb", "32", "--database-statement-timeout-ms", "20000") as running:
        yield running


def psql(url, sql="SELECT 1"):
    done = subprocess.run(["psql", "-XAtc", sql, url], capture_output=True, text=True, timeout=90)
    return done.stdout.strip() if done.returncode == 0 else done.stderr


class Project:
    def __init__(self, server, database=True):
        self.server = server
        self.json = ok(server.request("POST", "/api/projects", {"name": f"Shop {os.urandom(5).hex()}"}))
        self.id, self.name = self.json["id"], self.json["name"]
        if database:
            self.made = ok(self.ask("POST", "/provision"))

    def ask(self, method, path="", body=None, **more):
        return self.server.request(method, f"/api/projects/{self.id}/database{path}", body, **more)

    def get(self):
        return ok(self.ask("GET"))

    def query(self, sql, **fields):
        return self.ask("POST", "/query", {"sql": sql, **fields})

    def run(self, sql, **fields):
        return ok(self.query(sql, **fields))

    def refused(self, sql, **fields):
        reply = self.query(sql, **fields)
        return detail(reply, 422), reply.json["sqlstate"]

    def url(self):
        return ok(self.ask("POST", "/reveal"))["database_url"]

    def role(self):
        return self.url().split("//")[1].split(":")[0]

    def named(self, method, path):
        return self.ask(method, f"{path}?name={quote(self.name)}")


@pytest.fixture
def project(server):
    return Project(server)


@pytest.fixture(scope="module")
def shop(server):
    """For tests that only ask."""
    return Project(server)


# Making and ending

def test_a_database_comes_and_goes(server, admin):
    project = Project(server, database=False)
    empty = project.get()
    assert empty["has_database"] is False and empty["database_url"] == "" and empty["state"] is None
    made = ok(project.ask("POST", "/provision"))
    assert made["has_database"] and made["provider"] == "server" and made["state"] == "ready", made
    assert ":***@" in made["database_url"] and made["version"].startswith("1") and made["bytes"] > 0
    assert made["bytes_max"] == 32 << 20 and made["statement_timeout_ms"] == 20000
    assert ok(server.request("GET", f"/api/projects/{project.id}"))["has_database"] is True
    assert detail(project.ask("POST", "/provision"), 409) == "Project already has a database"
    role = project.role()
    assert admin.of(role) == [[role], [role]]
    assert project.run("SELECT 1 AS one")["rows"] == [["1"]]
    assert ok(project.named("DELETE", "/deprovision")) == empty
    assert not admin.of(role)
    assert detail(project.ask("DELETE", f"/deprovision?name={project.name.replace(' ', '%20')}"), 400) == \
        "Project does not have a database"
    assert ok(server.request("GET", f"/api/projects/{project.id}"))["has_database"] is False


def test_ending_takes_the_name_of_the_project(project):
    assert project.ask("DELETE", "/deprovision").json["detail"][0]["loc"] == ["query", "name"]
    assert project.ask("DELETE", "/deprovision?name=other").status == 422
    assert project.get()["state"] == "ready"


def test_a_project_takes_its_database_with_it(server, admin):
    project = Project(server)
    role = project.role()
    ok(server.request("DELETE", f"/api/projects/{project.id}"))
    until(lambda: not admin.of(role), "role and database are gone")


def test_a_half_dropped_database_and_a_template_are_dropped(server, admin, project):
    role = project.role()
    project.run(f"ALTER DATABASE {role} IS_TEMPLATE true")
    ok(project.named("DELETE", "/deprovision"))
    ok(project.ask("POST", "/provision"))
    admin.sql(f"UPDATE pg_database SET datconnlimit = -2 WHERE datname = '{project.role()}'")
    ok(project.named("DELETE", "/deprovision"))
    assert not admin.of(role)


def test_a_new_password_takes_the_place_of_the_old_one(project, admin):
    old = project.url()
    ok(project.ask("POST", "/rotate"))
    new = project.url()
    assert new != old and project.run("SELECT 1")["rows"] == [["1"]]
    direct = f"127.0.0.1&port={admin.port}"
    assert psql(new.replace("/run/postgresql", direct)) == "1"
    assert "password authentication failed" in psql(old.replace("/run/postgresql", direct))


def test_functions_find_the_database_in_their_environment(server, project):
    show = "import os\ndef handler(event): return {k: v for k, v in os.environ.items() if k.startswith(('PG', 'DATABASE'))}"
    fn = server.create(show, project_id=project.id)
    url, role = project.url(), project.role()
    seen = server.call(fn)["output"]
    assert seen["DATABASE_URL"] == url and seen["PGUSER"] == seen["PGDATABASE"] == role
    assert seen["PGHOST"] == "/run/postgresql" and seen["PGPORT"] == "5432" and seen["PGPASSWORD"] in url
    ok(project.ask("POST", "/rotate"))
    assert server.call(fn)["output"]["DATABASE_URL"] == project.url() != url
    ok(project.named("DELETE", "/deprovision"))
    assert server.call(fn)["output"] == {}


# Console

def test_the_console_shows_what_psql_would(shop):
    made = shop.run("CREATE TABLE a (id serial PRIMARY KEY, name varchar(20) NOT NULL DEFAULT 'x', big bytea);"
                    "INSERT INTO a (name) SELECT 'n' || n FROM generate_series(1, 3) n RETURNING id, name, NULL AS nothing")
    assert made["columns"] == [{"name": "id", "type": "integer"}, {"name": "name", "type": "character varying(20)"},
                               {"name": "nothing", "type": "text"}]
    assert made["rows"] == [["1", "n1", None], ["2", "n2", None], ["3", "n3", None]]
    assert made["command"] == "INSERT 0 3" and made["truncated"] is False and made["duration_ms"] > 0
    table = next(t for t in ok(shop.ask("GET", "/tables")) if t["name"] == "a")
    assert table["schema"] == "public" and table["kind"] == "table" and table["bytes"] > 0
    assert table["columns"][:2] == [
        {"name": "id", "type": "integer", "nullable": False, "default": "nextval('public.a_id_seq'::regclass)",
         "primary_key": True},
        {"name": "name", "type": "character varying(20)", "nullable": False, "default": "'x'::character varying",
         "primary_key": False}]
    rows = ok(shop.ask("GET", "/tables/public/a?limit=2&offset=1"))
    assert [r[0] for r in rows["rows"]] == ["2", "3"] and rows["truncated"] is False
    assert ok(shop.ask("GET", "/tables/public/a?limit=1"))["truncated"] is True


def test_what_postgresql_refuses_is_said_in_its_own_words(shop):
    reply = shop.query("SELECT 1;\nSELEC 2")
    assert reply.status == 422 and reply.json["sqlstate"] == "42601" and reply.json["position"] == 11
    assert reply.json["detail"] == 'ERROR:  syntax error at or near "SELEC"\nLINE 2: SELEC 2\n        ^'
    text, state = shop.refused("SELECT nothing()")
    assert state == "42883" and "HINT:" in text
    shop.run("CREATE TABLE d (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    assert "duplicate key" in shop.refused("INSERT INTO d VALUES (1), (1)")[0], "at the end of the transaction"
    assert shop.run("SELECT count(*) FROM d")["rows"] == [["0"]]


def test_a_text_is_one_transaction(shop):
    shop.run("CREATE TABLE t (a int)")
    assert shop.refused("INSERT INTO t VALUES (1); SELECT 1/0")[1] == "22012"
    assert shop.run("SELECT count(*) FROM t")["rows"] == [["0"]]
    assert shop.refused("INSERT INTO t VALUES (1)", read_only=True)[1] == "25006"
    assert shop.run("INSERT INTO t VALUES (1); SELECT a FROM t")["rows"] == [["1"]]


def test_an_answer_is_bounded_and_what_was_written_stays(shop):
    much = shop.run("SELECT generate_series(1, 100000000)", limit=5)
    assert len(much["rows"]) == 5 and much["truncated"] is True
    wide = shop.run("SELECT repeat('\u00e4', 200000) FROM generate_series(1, 500)", limit=1000)
    assert wide["truncated"] and len(wide["rows"]) < 200 and wide["rows"][0][0].endswith("\u00e4\u2026")
    shop.run("CREATE TABLE w (a int)")
    written = shop.run("INSERT INTO w SELECT generate_series(1, 10000) RETURNING a", limit=3)
    assert written["truncated"] and len(written["rows"]) == 3 and written["command"] == "INSERT 0 10000"
    assert shop.run("SELECT count(*) FROM w")["rows"] == [["10000"]]
    both = shop.run("SELECT generate_series(1, 50000); INSERT INTO w VALUES (0) RETURNING a", limit=3)
    assert both["rows"] == [["0"]] and both["truncated"] is False, "what stands behind a long answer is done too"


@pytest.mark.parametrize("sql", [
    "SELECT pg_sleep(60)", "SET statement_timeout = 0; SELECT pg_sleep(60)",
    "SET statement_timeout = 0; DO $$ BEGIN LOOP NULL; END LOOP; END $$"])
def test_an_endless_statement_ends(shop, sql):
    text, state = shop.refused(sql, timeout_ms=300)
    assert state == "57014" and "statement timeout" in text
    until(lambda: shop.run("SELECT count(*) FROM pg_stat_activity WHERE usename = current_user")["rows"] == [["1"]],
          "its session is gone")


def test_limits_that_a_text_has_count_for_the_text_alone(shop):
    many = ", ".join(["1"] * 1500)
    wide = shop.run(f"SELECT set_config('statement_timeout', '1', false), {many}")
    assert [column["type"] for column in wide["columns"]] == ["text"] + ["integer"] * 1500
    shop.run("CREATE TABLE b (a int)")
    done = [shop.query("INSERT INTO b VALUES (1) RETURNING a", timeout_ms=1).status for _ in range(50)]
    assert set(done) <= {200, 422} and shop.run("SELECT count(*) FROM b")["rows"] == [[str(done.count(200))]]
    shop.run("DROP TABLE b")


def test_a_transaction_left_open_ends_with_its_request(shop):
    shop.run("CREATE TABLE o (a int)")
    shop.run("BEGIN; LOCK TABLE o; INSERT INTO o VALUES (1)")
    assert shop.run("SELECT a FROM o")["rows"] == [["1"]], "as if the text had ended it"
    shop.run("VACUUM FULL o")
    shop.run("DROP TABLE o")


def test_two_statements_of_a_project_run_at_a_time(shop, admin):
    database = shop.role()
    shop.run("CREATE TABLE go (a int)")
    wait = "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM go) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$"
    waiting = f"SELECT pid FROM pg_stat_activity WHERE usename = '{database}' AND state = 'active'"
    with ThreadPoolExecutor(2) as pool:
        two = [pool.submit(shop.query, wait, timeout_ms=30000) for _ in range(2)]
        until(lambda: len(admin.sql(waiting)) == 2, "two of them run")
        assert [shop.query("SELECT 1").status for _ in range(2)] == [429, 429]
        admin.sql("INSERT INTO go VALUES (1)", database)
        assert [one.result().status for one in two] == [200, 200]
    shop.run("DROP TABLE go")


# Attacks

@pytest.mark.parametrize("sql, state", [
    ("COPY (SELECT 1) TO '/tmp/x'", "42501"), ("COPY t FROM PROGRAM 'id'", "42501"),
    ("CREATE TABLE c (a text); COPY c FROM '/etc/passwd'", "42501"), ("SELECT pg_read_file('/etc/passwd')", "42501"),
    ("SELECT pg_ls_dir('/')", "42501"), ("SET ROLE virga", "42501"), ("SET SESSION AUTHORIZATION virga", "42501"),
    ("CREATE ROLE other", "42501"), ("CREATE DATABASE other", "42501"), ("COMMIT; CREATE DATABASE other", "25001"), ("ALTER ROLE CURRENT_USER CONNECTION LIMIT 99", "42501"),
    ("ALTER ROLE CURRENT_USER SUPERUSER", "42501"), ("SET temp_file_limit = -1", "42501"),
    ("ALTER ROLE CURRENT_USER SET temp_file_limit = -1", "42501"), ("ALTER SYSTEM SET fsync = off", "42501"),
    ("SELECT rolpassword FROM pg_authid", "42501"), ("CREATE EXTENSION dblink", "42501"), ("COPY (SELECT 1) TO STDOUT", "0A000"),
    ("COPY d FROM STDIN", "0A000"), ("SELECT lo_import('/etc/passwd')", "42501"),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc.so.6', 'getpid'", "42501"),
    ("LOAD 'plperl'", None), ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'virga'", None)])
def test_the_role_has_no_powers(shop, sql, state):
    reply = shop.query(sql)
    assert reply.status in (422, 200), reply.body
    if state:
        assert reply.status == 422 and reply.json["sqlstate"] == state, reply.body


def test_nobody_reaches_the_database_of_another_project(server, admin, shop, project):
    mine, other = shop.url(), project.role()
    at = mine.replace("/run/postgresql", f"127.0.0.1&port={admin.port}").replace("/" + shop.role() + "?", f"/{other}?")
    assert "permission denied for database" in psql(at)
    assert shop.refused(f"GRANT {other} TO CURRENT_USER")[1] == "42501"
    assert shop.refused(f"SET ROLE {other}")[1] == "42501"
    assert shop.refused(f"DROP DATABASE {other}")[1] in ("42501", "25001")
    assert shop.run(f"SELECT query FROM pg_stat_activity WHERE usename = '{other}'")["rows"] in ([], [["<insufficient privilege>"]])


@pytest.mark.parametrize("schema, table", [
    ("public", "x%22%3B%20DROP%20TABLE%20a%3B--"), ("public", "a'%20OR%20'1'='1"), ("pg_catalog%22.%22pg_class", "x"),
    ("public", "%00"), ("public", "%ff"), ("no", "a"), ("public", "none"), ("public", "x" * 5000)])
def test_names_in_a_path_are_names(shop, schema, table):
    reply = shop.ask("GET", f"/tables/{schema}/{table}")
    assert reply.status in (400, 404), (reply.status, reply.body)


def test_tables_with_any_name_are_shown(shop):
    shop.run('CREATE SCHEMA "S \'\\""; CREATE TABLE "S \'\\"""."drop ""me; --" (a int); INSERT INTO "S \'\\"""."drop ""me; --" VALUES (7)'
             .replace('"S \'\\"";', '"S \'\\""";'))
    assert ok(shop.ask("GET", f"/tables/{quote(chr(83) + ' ' + chr(39) + chr(92) + chr(34))}/{quote('drop ' + chr(34) + 'me; --')}"))["rows"] == [["7"]]


def test_what_a_tenant_defines_runs_with_its_own_rights_only(shop):
    shop.run("CREATE FUNCTION public.current_database() RETURNS name LANGUAGE sql AS 'SELECT ''evil''::name';"
             "ALTER ROLE CURRENT_USER SET search_path = public, pg_catalog")
    assert shop.get()["state"] == "ready" and ok(shop.ask("GET", "/tables"))
    shop.run("ALTER ROLE CURRENT_USER RESET search_path")


@pytest.mark.parametrize("body, place", [
    ({}, "sql"), ({"sql": ""}, "sql"), ({"sql": "x" * 65537}, "sql"), ({"sql": "a\0"}, "a text holds"), ({"sql": 1}, "sql"),
    ({"sql": "SELECT 1", "limit": 0}, "limit"), ({"sql": "SELECT 1", "limit": 1001}, "limit"),
    ({"sql": "SELECT 1", "timeout_ms": 30001}, "timeout_ms"), ({"sql": "SELECT 1", "read_only": 1}, "read_only")])
def test_what_is_no_query_is_refused(shop, body, place):
    reply = shop.ask("POST", "/query", body)
    assert reply.status == 422 and (place in str(reply.json["detail"])), reply.body


# Sizes

def test_a_database_over_its_size_is_read_only_and_far_over_it_closed(server, admin):
    project = Project(server)
    grow = "CREATE TABLE g%d AS SELECT repeat(md5(n::text), 30) AS x FROM generate_series(1, %d) n"
    viewer = "SELECT count(*) FROM g1"
    project.run(grow % (1, 25000))
    project.run(grow % (2, 3000))
    full = until(lambda: (seen := project.get())["state"] == "full" and seen, "it is full")
    assert full["bytes"] > full["bytes_max"] and "VACUUM FULL" in full["problem"]
    direct = project.url().replace("/run/postgresql", f"127.0.0.1&port={admin.port}")
    assert "read-only transaction" in psql(direct, "CREATE TABLE no (a int)") and psql(direct, viewer) == "25000"
    project.run(grow % (3, 10000))
    assert "fifth" in until(lambda: (seen := project.get())["state"] == "blocked" and seen, "it is closed")["problem"]
    project.run("DROP TABLE g1")
    project.run("VACUUM FULL g2")
    until(lambda: project.get()["state"] == "ready", "it is open again")
    assert "CREATE" in psql(direct, "CREATE TABLE yes (a int)")


def test_who_lifts_the_time_limit_is_ended_all_the_same(admin, tmp_path):
    with Server(tmp_path, "--database-provider", "server", "--database-url", admin.tcp,
                "--database-statement-timeout-ms", "1000") as strict:
        direct = Project(strict).url().replace("/run/postgresql", f"127.0.0.1&port={admin.port}")
        assert "statement timeout" in psql(direct, "SELECT pg_sleep(600)")
        assert "terminating connection" in psql(direct, "SET statement_timeout = 0; SELECT pg_sleep(600)")


# Crashes: the server is killed at any moment, and afterwards there is either all or nothing

def restart(server):
    server.stop(signal.SIGKILL)
    server.start()


def settled(project):
    seen = project.get()
    return seen if seen["state"] in (None, "ready") and not (seen["state"] is None and seen["problem"]) else None


def kill_during(server, ask, delay_s):
    from threading import Event, Thread
    begun = Event()

    def work():
        begun.set()
        try:
            ask()
        except OSError:
            pass  # its server is gone
    thread = Thread(target=work)
    thread.start()
    begun.wait(5)
    Event().wait(delay_s)  # the moment is the subject
    restart(server)
    thread.join(90)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def mortal(admin, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("mortal"), "--database-provider", "server", "--database-url", admin.tcp) as running:
        yield running


@pytest.mark.parametrize("number", range(7))
def test_a_kill_while_a_database_is_made_changed_or_ended_leaves_all_or_nothing(mortal, admin, number):
    delay = 0.02 + number * 0.023
    project = Project(mortal, database=False)
    kill_during(mortal, lambda: project.ask("POST", "/provision"), delay)
    seen = until(lambda: settled(project), "settled")
    if seen["has_database"]:
        assert project.run("SELECT 1")["rows"] == [["1"]]
    else:
        project.made = ok(project.ask("POST", "/provision"))
    role = project.role()
    kill_during(mortal, lambda: project.ask("POST", "/rotate"), delay / 2)
    until(lambda: settled(project) and project.query("SELECT 1").status == 200, "the password is one that works")
    assert psql(project.url().replace("/run/postgresql", f"127.0.0.1&port={admin.port}")) == "1"
    kill_during(mortal, lambda: project.named("DELETE", "/deprovision"), delay)
    seen = until(lambda: settled(project), "settled")
    if seen["has_database"]:
        assert project.run("SELECT 1")["rows"] == [["1"]]
        kill_during(mortal, lambda: mortal.request("DELETE", f"/api/projects/{project.id}"), delay / 3)
        if mortal.request("GET", f"/api/projects/{project.id}").status == 200:
            ok(mortal.request("DELETE", f"/api/projects/{project.id}"))
    until(lambda: not admin.of(role), "nothing is left of it")


# Backups

def test_a_backup_takes_the_place_of_all_that_came_after_it(project, admin):
    project.run("CREATE TABLE a (b int PRIMARY KEY, c text DEFAULT 'x'); INSERT INTO a SELECT generate_series(1, 1000);"
                "CREATE VIEW v AS SELECT b FROM a; CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE EXTENSION pgcrypto")
    made = ok(project.ask("POST", "/backups"))
    assert ok(project.ask("GET", "/backups")) == [made] and made["bytes"] > 0
    project.run("DROP VIEW v; UPDATE a SET c = 'y'; CREATE TABLE later (a int)")
    assert project.named("POST", f"/backups/{made['id']}/restore").json["state"] == "ready"
    assert project.run("SELECT count(*), max(c) FROM a")["rows"] == [["1000", "x"]]
    assert sorted((t["schema"], t["name"]) for t in ok(project.ask("GET", "/tables"))) == [
        ("public", "a"), ("public", "v"), ("s", "t")]
    assert project.run("INSERT INTO a VALUES (1001) RETURNING b")["rows"] == [["1001"]]
    assert len(admin.of(project.role())) == 2, "nothing is left beside it"
    dump = project.ask("GET", f"/backups/{made['id']}")
    assert dump.status == 200 and dump.body[:5] == b"PGDMP" and len(dump.body) == made["bytes"]


def test_the_newest_ten_backups_are_kept(project):
    made = [ok(project.ask("POST", "/backups"))["id"] for _ in range(12)]
    assert [b["id"] for b in ok(project.ask("GET", "/backups"))] == made[:1:-1]
    ok(project.ask("DELETE", f"/backups/{made[-1]}"))
    for missing in made[0], made[-1], "0" * 36, "..%2f..%2fsecret.key", "x":
        assert detail(project.ask("GET", f"/backups/{missing}"), 404) == "Backup not found"
        assert detail(project.ask("DELETE", f"/backups/{missing}"), 404) == "Backup not found"
        assert detail(project.named("POST", f"/backups/{missing}/restore"), 404) == "Backup not found"


def test_a_backup_that_does_not_fit_changes_nothing(server, project, admin):
    project.run("CREATE TABLE a (b int)")
    made = ok(project.ask("POST", "/backups"))
    file = server.data / "backups" / project.id / f"{made['id']}.dump"
    for content in b"DROP TABLE a;", file.read_bytes()[:-200], os.urandom(4000), b"":
        file.write_bytes(content)
        reply = project.named("POST", f"/backups/{made['id']}/restore")
        assert reply.status in (200, 422) and (reply.status == 422 or content), reply.body
        assert [t["name"] for t in ok(project.ask("GET", "/tables"))] == ["a"]
    assert len(admin.of(project.role())) == 2


def test_a_dump_made_by_hand_runs_with_the_rights_of_the_project_only(server, project, shop, admin, tmp_path):
    made = ok(project.ask("POST", "/backups"))
    admin.sql("CREATE DATABASE evil")
    admin.sql("CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE virga PASSWORD ''x''';"
              " RETURN pg_read_file('/etc/passwd'); END $$; CREATE TABLE t (a text DEFAULT f());"
              "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; CREATE OR REPLACE VIEW w AS SELECT f()", "evil")
    file = server.data / "backups" / project.id / f"{made['id']}.dump"
    subprocess.run(["pg_dump", "-Fc", "-f", tmp_path / "evil", admin.at("evil")], check=True)
    file.write_bytes((tmp_path / "evil").read_bytes())
    ok(project.named("POST", f"/backups/{made['id']}/restore"))
    assert project.refused("SELECT * FROM w")[1] == "42501"
    assert project.run("SELECT tableowner FROM pg_tables WHERE tablename = 't'")["rows"] == [[project.role()]]
    admin.sql("DROP DATABASE evil")


def test_every_deed_is_in_the_audit_log_without_a_word_of_sql(server, project):
    project.run("SELECT 'secret in a statement'")
    ok(project.ask("POST", "/rotate"))
    project.url()
    lines = ok(server.request("GET", f"/api/projects/{project.id}/audit"))
    assert {"database.provision", "database.query", "database.rotate", "database.reveal"} <= {x["action"] for x in lines}
    assert "secret in a statement" not in str(lines)


# Several servers on one store

def test_a_cluster_belongs_to_its_server(postgres, tmp_path):
    store = postgres.url("shared")
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    with Server(tmp_path / "a", "--store", store) as a, Server(tmp_path / "b", "--store", store) as b:
        b.key = a.key
        token = ok(a.request("POST", "/api/keys", {"name": "all"}))["key"]
        project = Project(a)
        there = ok(b.request("GET", f"/api/projects/{project.id}/database", key=token))
        assert there["state"] == "unavailable" and there["problem"] == "The database's cluster is on another server"
        reply = b.request("POST", f"/api/projects/{project.id}/database/query", {"sql": "SELECT 1"}, key=token)
        assert detail(reply, 503) == "The database's cluster is on another server"
        ok(b.request("DELETE", f"/api/projects/{project.id}", key=token))
        until(lambda: f"database dropped project={project.id}" in a.log_text(), "the server that has it drops it", 120)


# The server's own cluster

@pytest.fixture(scope="module")
def own(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("own")) as running:
        yield running


def through_the_pooler(server, url, sql="SELECT 1"):
    return psql(url.replace("/run/postgresql", str(server.data / "postgres" / "slots")), sql)


def test_the_pooler_lets_in_who_has_the_password(own):
    project, other = Project(own), Project(own)
    assert project.made["provider"] == "local" and project.made["connections_max"] == 20
    url = project.url()
    assert through_the_pooler(own, url, "SELECT current_user = current_database()") == "t"
    assert through_the_pooler(own, url.replace(f"/{project.role()}?", f"/{other.role()}?")) != "1"
    ok(project.ask("POST", "/rotate"))
    assert through_the_pooler(own, project.url()) == "1" and "failed" in through_the_pooler(own, url)
    ok(project.named("DELETE", "/deprovision"))
    assert through_the_pooler(own, url) != "1"
    assert through_the_pooler(own, other.url()) == "1"


def test_databases_are_there_again_after_a_kill_of_everything(own):
    project = Project(own)
    project.run("CREATE TABLE a AS SELECT 7 AS b")
    restart(own)
    until(lambda: through_the_pooler(own, project.url(), "SELECT b FROM a") == "7", "its pooler is there again")


@pytest.mark.parametrize("delay", [0.01, 0.06, 0.11, 0.2])
def test_a_kill_with_its_own_cluster_leaves_all_or_nothing(own, delay):
    project = Project(own, database=False)
    kill_during(own, lambda: project.ask("POST", "/provision"), delay)
    if not until(lambda: settled(project), "settled")["has_database"]:
        ok(project.ask("POST", "/provision"))
    kill_during(own, lambda: project.ask("POST", "/rotate"), delay / 2)
    until(lambda: settled(project) and through_the_pooler(own, project.url()) == "1", "the pooler knows the password")
    kill_during(own, lambda: project.named("DELETE", "/deprovision"), delay)
    if until(lambda: settled(project), "settled")["has_database"]:
        ok(project.named("DELETE", "/deprovision"))
    assert project.get()["has_database"] is False
