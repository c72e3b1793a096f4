"""Packages and the database of a project, against a server in miniature (server.py)."""

import json
import stat

import pytest

PACKAGE_JSON = '{"name": "x", "dependencies": {"left": "^1"}}'


@pytest.fixture
def shop(cli, api):
    """The project `shop` is in use."""
    api.add_project("shop")
    cli.ok("project", "use", "shop")
    api.requests.clear()
    return cli


def posted(api):
    return next(json.loads(body) for method, path, _, body in api.requests[::-1] if method == "POST" and path.endswith("/builds"))


# Packages

def test_without_packages_it_says_how_to_add_some(shop):
    assert "virga deps add requests" in shop("deps").stderr


def test_packages_are_added_and_their_build_is_watched(shop, api):
    done = shop("deps", "add", "requests", "idna>=3")
    assert done.returncode == 0 and "there for the next call" in done.stdout
    assert done.stderr == "Collecting things\nDone\n"
    assert posted(api) == {"requirements_txt": "requests\nidna>=3\n"}
    shown = shop.ok("deps")
    assert "Python 3.11.2" in shown and "2 packages, 2.5 MB, layer abababababab" in shown
    assert shown.splitlines()[-1].split() == ["requests", "2.31.0"]
    shop.ok("deps", "add", "flask", "--refresh")
    assert posted(api) == {"requirements_txt": "requests\nidna>=3\nflask\n", "refresh": True}


def test_packages_of_node_are_added_to_package_json(shop, api):
    api.projects["shop"]["package_json"] = PACKAGE_JSON
    shop.ok("deps", "add", "--node", "right@7", "@scope/thing", "@scope/other@^2")
    sent = posted(api)
    assert json.loads(sent["package_json"])["dependencies"] == {
        "left": "^1", "right": "7", "@scope/thing": "*", "@scope/other": "^2"}
    assert sent["package_lock"] == ""


def test_files_are_installed_by_their_names(shop, api):
    done = shop("deps", "install")
    assert done.returncode == 2 and "no requirements.txt" in done.stderr
    (shop.home / "requirements.txt").write_text("a\n")
    (shop.home / "package.json").write_text(PACKAGE_JSON)
    shop.ok("deps", "install")
    assert posted(api) == {"requirements_txt": "a\n", "package_json": PACKAGE_JSON}
    (shop.home / "dev.txt").write_text("b\n")
    shop.ok("deps", "install", "dev.txt")
    assert posted(api) == {"requirements_txt": "b\n"}
    (shop.home / "setup.py").write_text("")
    done = shop("deps", "install", "setup.py")
    assert done.returncode == 2 and "'setup.py' is no requirements file" in done.stderr


def test_a_failed_build_is_status_1_and_says_that_nothing_changed(shop):
    done = shop("deps", "add", "nope")
    assert done.returncode == 1
    assert "build b0 failed: no package 'nope'" in done.stderr and "what was installed before stays" in done.stderr
    assert "the last build (b0): failed: no package 'nope'" in shop("deps").stderr
    assert [row.split()[0] for row in shop.ok("deps", "builds").splitlines()[1:]] == ["b0"]


def test_a_log_that_breaks_off_is_taken_up_without_saying_things_twice(shop, api):
    api.broken_log = True
    done = shop("deps", "add", "requests")
    assert done.returncode == 0 and done.stderr == "Collecting things\nDone\n"


def test_a_build_can_be_left_alone_watched_later_and_cancelled(shop):
    assert shop.ok("deps", "add", "requests", "--detach").startswith("build b0:")
    assert "Done" in shop("deps", "log").stderr and "Done" in shop("deps", "log", "b0").stderr
    assert shop.ok("deps", "cancel") == "build b0: cancelled\n"


def test_versions_are_pinned(shop, api):
    done = shop("deps", "lock")
    assert done.returncode == 2 and "nothing is installed yet" in done.stderr
    api.projects["shop"]["lock"] = "idna==3.6\nrequests==2.31.0\n"
    assert shop.ok("deps", "lock", "--stdout") == "idna==3.6\nrequests==2.31.0\n"
    shop.ok("deps", "lock")
    assert posted(api) == {"requirements_txt": "idna==3.6\nrequests==2.31.0\n"}


def test_json_is_what_the_server_said(shop):
    assert json.loads(shop.ok("deps", "add", "requests", "--json"))["status"] == "succeeded"
    assert json.loads(shop.ok("deps", "--json"))["python"]["files"] == 10


# Database

def test_a_database_is_made_and_shown(shop, api):
    assert "virga db create" in shop("db").stderr
    shown = shop.ok("db", "create", "--provider", "server")
    assert api.body() == {"provider": "server"}
    assert shown.splitlines()[0] == "postgresql://p_1:***@/p_1?host=/run/postgresql"
    assert "state        ready" in shown and "size         8.0 of 1000 MB" in shown
    assert "connections  4, on 2 of 20 to PostgreSQL" in shown
    assert shop.ok("db", "url") == "postgresql://p_1:secret@/p_1?host=/run/postgresql\n"
    assert "is a new one" in shop.ok("db", "rotate")


def test_sql_shows_rows_and_errors_as_postgresql_says_them(shop, api):
    done = shop("db", "query", "SELECT 1, 2", "--limit", "5", "--read-only")
    assert api.body() == {"sql": "SELECT 1, 2", "limit": 5, "read_only": True}
    assert [row.split() for row in done.stdout.splitlines()] == [["c0", "c1"], ["null", "1"]]
    assert "SELECT 1  (0.5 ms); there are more rows: --limit" in done.stderr
    done = shop("db", "query", "SELECT * FROM nope")
    assert done.returncode == 3 and 'relation "nope" does not exist' in done.stderr and "LINE 1: SELECT" in done.stderr
    assert shop("db", "query", "-", stdin="SELECT 1," + "2," * 10 + "3").stdout.startswith('[null,"1"')
    assert shop("db", "query", "x", "--limit", "0").returncode == 2


def test_tables_are_listed(shop):
    assert shop.ok("db", "tables").splitlines()[1].split() == ["public.visits", "table", "2", "3", "8"]


def test_a_backup_is_made_and_fetched_whole(shop):
    assert "backup k1 is in shop-k1.dump" in shop.ok("db", "backup")
    made = shop.home / "shop-k1.dump"
    assert made.read_bytes() == b"PGDMP\0\xff" * 1000 and stat.S_IMODE(made.stat().st_mode) == 0o600
    shop.ok("db", "backup", "-o", "mine.dump")
    assert (shop.home / "mine.dump").stat().st_size == 7000
    assert not list(shop.home.glob("*.part"))
    assert shop.ok("db", "backups").splitlines()[1].split()[0] == "k1"


def test_what_cannot_be_brought_back_needs_the_name(shop, api):
    shop.ok("db", "create")
    for command in (("db", "delete"), ("db", "restore", "k1")):
        done = shop(*command)
        assert done.returncode == 2 and "--yes" in done.stderr
    shop.ok("db", "restore", "k1", "--yes")
    shop.ok("db", "delete", "--yes")
    assert api.asked()[-1] == "DELETE /api/projects/shop/database/deprovision?name=Shop"
