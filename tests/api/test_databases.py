"""A PostgreSQL database per project: made, used, bounded and taken away again, and nobody else's data in reach."""

import os
import signal

import pytest

from postgres import Postgres
from virga import Server, until

PASSWORD = "correct horse battery"
LIST = "SELECT rolname FROM pg_roles WHERE rolname ~ '^p_' UNION ALL SELECT datname FROM pg_database WHERE datname ~ '^p_'"


def ok(reply):
    assert reply.status == 200, (reply.status, reply.body)
    return reply.json


def detail(reply, status):
    assert reply.status == status, (reply.status, reply.body)
    return reply.json["detail"]


@pytest.fixture(scope="module")
def admin():
    """A PostgreSQL that asks for passwords, as a real one does; its administrator comes without one."""
    with Postgres() as running:
        hba = os.path.join(running.directory, "data", "pg_hba.conf")
        with open(hba, "w") as file:
            file.write("local all virga trust\nlocal all all scram-sha-256\n")
        running.restart()
        yield running


@pytest.fixture(scope="module")
def server(admin, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("virga"), "--database-provider", "server", "--database-url", admin.at("postgres"),
                "--database-size-mb", "32", "--database-statement-timeout-ms", "2000") as running:
        yield running


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
        from urllib.parse import quote
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
    assert made["bytes_max"] == 32 << 20 and made["statement_timeout_ms"] == 2000
    assert ok(server.request("GET", f"/api/projects/{project.id}"))["has_database"] is True
    assert detail(project.ask("POST", "/provision"), 409) == "Project already has a database"
    role = project.role()
    assert [[role], [role]] == [row for row in admin.sql(LIST) if role in row[0]]
    assert project.run("SELECT 1 AS one")["rows"] == [["1"]]
    assert ok(project.named("DELETE", "/deprovision")) == empty
    assert not [row for row in admin.sql(LIST) if role in row[0]]
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
    until(lambda: not [row for row in admin.sql(LIST) if role in row[0]], "role and database are gone")


def test_a_new_password_takes_the_place_of_the_old_one(project, admin):
    import subprocess
    old = project.url()
    ok(project.ask("POST", "/rotate"))
    new = project.url()
    assert new != old and project.run("SELECT 1")["rows"] == [["1"]]
    for url, works in (old, False), (new, True):
        done = subprocess.run(["psql", "-XAtc", "SELECT 1", url.replace("/run/postgresql", admin.directory)],
                              capture_output=True, text=True)
        assert (done.returncode == 0) is works, done.stderr


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
