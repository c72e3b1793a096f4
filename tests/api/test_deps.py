"""Packages of projects: asked for over the API, installed in a sandbox, there for the next call."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest
from virga import Server, until

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from packages import Registry  # noqa: E402

PYTHON = "import greet\ndef handler(event):\n    return greet.WORD\n"
NODE = "const left = require('left');\nexports.handler = async () => left;\n"


def fill(registry):
    registry.wheel("greet", "1.0", {"greet/__init__.py": "WORD = 'one'"})
    registry.wheel("greet", "2.0", {"greet/__init__.py": "WORD = 'two'"})
    registry.wheel("other", "1.0", {"other/__init__.py": ""}, requires=["greet==1.0"])
    registry.source("slow", "1.0", "import time\nprint('building slow', flush=True)\ntime.sleep(300)", {"slow.py": ""})
    registry.npm("left", "1.0.0", {"index.js": "module.exports = 'left'"})
    return registry


def options(registry):
    return ("--pip-index-url", registry.index, "--npm-registry", registry.npm_url)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with fill(Registry()) as registry, Server(tmp_path_factory.mktemp("deps"), *options(registry)) as server:
        server.registry = registry
        yield server


class Project:
    def __init__(self, server, name=None):
        self.server = server
        self.id = server.request("POST", "/api/projects", {"name": name or f"p{os.urandom(4).hex()}"}).json["id"]
        self.path = f"/api/projects/{self.id}"

    def save(self, **fields):
        return self.server.request("PUT", f"{self.path}/requirements", fields, timeout=120)

    def build(self, **fields):
        reply = self.server.request("POST", f"{self.path}/builds", fields)
        assert reply.status == 202, reply.body
        return reply.json["id"]

    def function(self, code, **more):
        reply = self.server.request("POST", "/api/functions", {"name": f"f{os.urandom(4).hex()}", "code": code,
                                                               "project_id": self.id, **more})
        assert reply.status == 200, reply.body
        return reply.json["id"]

    def call(self, function):
        return self.server.request("POST", f"/api/invoke/{function}", {"input": {}}).json


def saved(reply):
    assert reply.status == 200, reply.body
    return reply.json


def test_a_saved_package_is_there_for_the_next_call_and_a_new_version_for_the_one_after(world):
    project = Project(world)
    function = project.function(PYTHON)
    assert not project.call(function)["success"]
    made = saved(project.save(requirements_txt="greet==1.0\n"))
    assert made["has_custom_image"] and made["python"]["packages"] == [{"name": "greet", "version": "1.0"}]
    assert project.call(function)["output"] == "one"
    saved(project.save(requirements_txt="greet==2.0\n"))
    assert project.call(function)["output"] == "two"
    saved(project.save(requirements_txt=""))
    assert not project.call(function)["success"]


def test_a_function_of_another_project_does_not_see_them(world):
    saved(Project(world).save(requirements_txt="greet==1.0"))
    other = Project(world)
    assert not other.call(other.function(PYTHON))["success"]


def test_packages_for_node_are_there_and_the_lock_names_them(world):
    project = Project(world)
    function = project.function(NODE, runtime="nodejs")
    made = saved(project.save(package_json=json.dumps({"dependencies": {"left": "^1.0.0"}})))
    assert made["node"]["packages"] == [{"name": "left", "version": "1.0.0"}], made
    assert project.call(function)["output"] == "left"
    lock = world.request("GET", f"{project.path}/requirements/lock").json
    assert json.loads(lock["package_lock"])["packages"]["node_modules/left"]["version"] == "1.0.0"
    saved(project.save(package_lock=lock["package_lock"]))
    assert project.call(function)["output"] == "left"


def test_what_needs_what_is_resolved_and_named_exactly(world):
    project = Project(world)
    saved(project.save(requirements_txt="other"))
    lock = world.request("GET", f"{project.path}/requirements/lock").json["requirements_txt"]
    assert "greet==1.0" in lock and "other==1.0" in lock


def test_a_package_that_is_not_there_fails_with_the_end_of_the_log_and_changes_nothing(world):
    project = Project(world)
    function = project.function(PYTHON)
    saved(project.save(requirements_txt="greet==1.0"))
    reply = project.save(requirements_txt="no-such-package")
    assert reply.status == 422 and reply.json["detail"].startswith("Failed to build image: "), reply.body
    assert "no-such-package" in reply.json["detail"]
    assert project.call(function)["output"] == "one"
    assert world.request("GET", f"{project.path}/requirements").json["requirements_txt"] == "greet==1.0"


def test_saving_the_same_again_takes_no_build_and_little_time(world):
    project = Project(world)
    saved(project.save(requirements_txt="greet"))
    asked, builds = len(world.registry.asked), f"{project.path}/builds"
    before = world.request("GET", builds).json

    def took(deed):
        begin = time.monotonic()
        deed()
        return time.monotonic() - begin

    def change(number):
        assert world.request("PUT", project.path, {"description": str(number)}).status == 200
    again, others = [], []
    for number in range(9):  # side by side, so that both meet the same machine
        again.append(took(lambda: saved(project.save(requirements_txt="greet"))))
        others.append(took(lambda: change(number)))
    assert len(world.registry.asked) == asked and world.request("GET", builds).json == before
    assert min(again) < 10 * min(others), "about as long as any other change"


def test_a_build_is_watched_from_its_first_line_and_cancelled(world):
    project = Project(world)
    build = project.build(requirements_txt="slow")
    path = f"{project.path}/builds/{build}"
    until(lambda: world.request("GET", path).json["status"] == "running", "the build runs")
    events = []
    reader = threading.Thread(target=lambda: events.append(world.request("GET", f"{path}/events").body.decode()))
    reader.start()
    assert project.save(requirements_txt="greet").status == 409
    reply = world.request("POST", f"{path}/cancel")
    assert reply.json["status"] == "cancelled"
    reader.join(90)
    assert "event: done" in events[0] and '"status":"cancelled"' in events[0]
    saved(project.save(requirements_txt="greet"))


def test_packages_stay_over_a_restart_and_are_built_again_when_the_disk_was_lost(tmp_path):
    with fill(Registry()) as registry:
        server = Server(tmp_path, *options(registry)).start()
        project = Project(server)
        function = project.function(PYTHON)
        saved(project.save(requirements_txt="greet==1.0"))
        server.stop()
        asked = len(registry.asked)
        server.start()
        assert project.call(function)["output"] == "one" and len(registry.asked) == asked
        server.stop()
        for layer in (server.data / "layers").glob("[0-9a-f]*"):
            os.rename(layer, tmp_path / layer.name)
        server.start()
        first = project.call(function)
        assert first.get("output") == "one" or "being built" in first["error"]
        until(lambda: project.call(function).get("output") == "one", "the packages are built again", 60)
        server.stop()


def test_a_build_that_a_kill_interrupted_has_failed_and_leaves_nothing(tmp_path):
    import signal
    with fill(Registry()) as registry:
        server = Server(tmp_path, *options(registry)).start()
        project = Project(server)
        build = project.build(requirements_txt="slow")
        path = f"{project.path}/builds/{build}"
        until(lambda: server.request("GET", path).json["status"] == "running", "the build runs")
        server.stop(signal.SIGKILL)
        server.start()
        row = server.request("GET", path).json
        assert row["status"] == "failed" and row["error"] == "the server was restarted"
        assert not list((server.data / "layers").glob(".new-*"))
        saved(project.save(requirements_txt="greet"))
        server.stop()


def test_an_index_that_is_busy_for_a_moment_is_asked_again(tmp_path):
    """Where its files are is learned from a page of it: without that page, none of them could be fetched."""
    with fill(Registry()) as registry, Server(tmp_path, *options(registry)) as server:
        registry.busy = 2
        made = saved(Project(server).save(requirements_txt="greet==1.0\n"))
        assert made["python"]["packages"] == [{"name": "greet", "version": "1.0"}]
