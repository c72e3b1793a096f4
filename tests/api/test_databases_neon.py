"""Databases of projects that Neon makes, against a stand-in for its API."""

import pytest

from neon import KEY, Neon
from test_databases import Admin, Project, detail, kill_during, ok, settled
from virga import Server, until


@pytest.fixture(scope="module")
def neon():
    with Admin() as postgres:
        running = Neon(postgres)
        yield running
        running.close()


@pytest.fixture(scope="module")
def server(neon, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("virga"), "--database-provider", "neon", "--neon-api-url", neon.url,
                env={"NEON_API_KEY": KEY}) as running:
        yield running


def test_a_project_at_neon_comes_and_goes(server, neon):
    project = Project(server, database=False)
    made = ok(project.ask("POST", "/provision"))
    assert made["provider"] == "neon" and made["state"] == "ready" and made["neon_project_id"] in neon.projects
    assert made["bytes"] > 0 and made["bytes_max"] is None and made["statement_timeout_ms"] is None
    assert neon.projects[made["neon_project_id"]]["name"].startswith(f"virga-{project.json['slug']}")
    assert project.run("CREATE TABLE a (b int); INSERT INTO a VALUES (1) RETURNING b")["rows"] == [["1"]]
    old = project.url()
    ok(project.ask("POST", "/rotate"))
    assert project.url() != old and project.run("SELECT b FROM a")["rows"] == [["1"]]
    assert ok(project.named("DELETE", "/deprovision"))["has_database"] is False
    assert made["neon_project_id"] not in neon.projects


@pytest.mark.parametrize("where", ["GET /users/me/organizations", "POST /projects"])
def test_what_neon_refuses_is_said_in_its_words_and_leaves_nothing(server, neon, where):
    project = Project(server, database=False)
    neon.fail[where] = 402, "projects limit exceeded"
    assert detail(project.ask("POST", "/provision"), 503) == "Failed to provision database: Neon: projects limit exceeded"
    assert project.get()["has_database"] is False and not neon.projects
    ok(project.ask("POST", "/provision"))
    ok(project.named("DELETE", "/deprovision"))


def test_what_cannot_be_removed_is_removed_later(server, neon):
    project = Project(server)
    neon.fail["DELETE /projects/" + project.made["neon_project_id"]] = 500, "internal error"
    assert "internal error" in detail(project.ask("DELETE", f"/deprovision?name={project.name.replace(' ', '+')}"), 503)
    until(lambda: not neon.projects, "the thread has tried again")
    until(lambda: project.get()["problem"] is None, "the row is gone")


def test_a_project_that_was_removed_at_neon_can_be_ended_here(server, neon):
    project = Project(server)
    neon.project("DELETE", project.made["neon_project_id"])
    assert project.get()["state"] == "unavailable"
    ok(project.named("DELETE", "/deprovision"))


def test_without_a_key_it_is_said_what_is_missing(server, tmp_path):
    with Server(tmp_path) as other:
        project = Project(other, database=False)
        for provider, missing in ("neon", "NEON_API_KEY"), ("server", "--database-url"), ("mine", "'local', 'server' or 'neon'"):
            [problem] = detail(project.ask("POST", "/provision", {"provider": provider}), 422)
            assert problem["loc"] == ["body", "provider"] and missing in problem["msg"]


@pytest.mark.parametrize("number", range(4))
def test_a_kill_never_makes_two_projects_at_neon(server, neon, number):
    project = Project(server, database=False)
    made = neon.made
    kill_during(server, lambda: project.ask("POST", "/provision"), 0.03 + number * 0.04)
    if not until(lambda: settled(project), "settled")["has_database"]:
        ok(project.ask("POST", "/provision"))
    assert neon.made == made + 1 and project.run("SELECT 1")["rows"] == [["1"]]
    kill_during(server, lambda: server.request("DELETE", f"/api/projects/{project.id}"), number * 0.01)
    if server.request("GET", f"/api/projects/{project.id}").status == 200:
        ok(server.request("DELETE", f"/api/projects/{project.id}"))
    until(lambda: not neon.projects, "nothing is left of it")
