"""GET /api/system: what the dashboard of a server shows."""

import json
import os
import subprocess
import threading
from datetime import datetime

import pytest
from virga import BUILD, ON_POSTGRES, PROGRAM, ROOT, Server, until

PASSWORD = "correct horse battery"
RUNNERS = os.environ.get("VIRGA_RUNNERS", str(BUILD / "runners"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("system"), "--registration", "open", "--slots-max", "40") as made:
        yield made


def system(server, key=True):
    reply = server.request("GET", "/api/system", key=key)
    assert reply.status == 200, reply.body
    return reply.json


def isolation(server, key=True):
    """Known a moment after the start."""
    def known():
        told = system(server, key)["isolation"]
        assert told["state"] != "checking" or told["checks"] == []
        return told["state"] != "checking" and told

    return until(known, "the protections are known")


def account(server):
    made = server.request("POST", "/api/register", {"name": f"a{os.urandom(4).hex()}", "password": PASSWORD}, key=False)
    return made.json["token"]


def test_it_says_which_server_this_is(server):
    told = system(server)
    assert told["version"] == (ROOT / "VERSION").read_text().strip()
    started = datetime.fromisoformat(told["started_at"].replace("Z", "+00:00")).timestamp()
    assert abs(started - server.metric("virga_process_start_time_seconds")) < 0.001
    assert told["cpus"] == os.sysconf("SC_NPROCESSORS_ONLN")
    assert told["store"] == ("postgresql" if ON_POSTGRES else "sqlite")
    assert told["slots"]["max"] == 40
    assert told["connections"] >= 1


def test_memory_is_that_of_the_server_and_of_the_machine(server):
    memory = system(server)["memory"]
    assert 1 << 20 < memory["server_bytes"] < memory["total_bytes"]
    assert 0 < memory["available_bytes"] <= memory["total_bytes"]
    assert memory["total_bytes"] == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_functions_and_sandboxes_are_counted(server):
    before = system(server)
    fn = server.create("def handler(event):\n    return event\n")
    server.call(fn)
    after = system(server)
    assert after["functions"] == before["functions"] + 1
    assert after["slots"]["idle"] == before["slots"]["idle"] + 1
    assert server.request("DELETE", f"/api/functions/{fn['id']}").status == 200
    assert system(server)["functions"] == before["functions"]


def test_a_call_under_way_is_seen_and_so_is_one_that_waits(server):
    fn = server.create("import socket\npair = socket.socketpair()\ndef handler(event):\n    pair[0].recv(1)\n", concurrency=1,
                       limits={"timeout_ms": 6000})
    replies = []
    calls = [threading.Thread(target=lambda: replies.append(server.invoke(fn))) for _ in range(2)]
    for call in calls:
        call.start()
    until(lambda: (system(server)["slots"]["busy"], system(server)["queued"]) == (1, 1), "one runs and one waits")
    assert server.request("DELETE", f"/api/functions/{fn['id']}").status == 200
    until(lambda: system(server)["queued"] == 0, "the one that waited is refused")
    for call in calls:
        call.join()
    assert sorted(r.status for r in replies) == [200, 404]
    until(lambda: system(server)["slots"]["busy"] == 0, "the other one has timed out")


def test_runtimes_say_their_own_versions(server):
    python = server.create("import sys\ndef handler(event):\n    return sys.version.split()[0]\n")
    node = server.create("exports.handler = async () => process.versions.node;", runtime="nodejs")
    told = {"python": server.call(python)["output"], "nodejs": server.call(node)["output"], "provided": ""}
    assert {r["name"]: r["version"] for r in system(server)["runtimes"]} == told


def test_without_blank_sandboxes_a_version_is_known_from_the_first_call_on(tmp_path):
    with Server(tmp_path, "--blanks", "0") as server:
        assert system(server)["slots"]["blank"] == 0
        assert {r["version"] for r in system(server)["runtimes"]} == {""}
        server.call(server.create("def handler(event):\n    return 1\n"))
        assert system(server)["runtimes"][0]["version"].startswith("3.")


def test_isolation_is_what_doctor_sees(server):
    told = isolation(server)
    doctor = json.loads(subprocess.run([PROGRAM, "doctor", "--json", "--runners", RUNNERS], capture_output=True,
                                       check=True).stdout)
    seen = [{**check, "detail": ""} if check["feature"] == "runners" else check for check in told["checks"]]
    assert seen == [{**check, "detail": ""} if check["feature"] == "runners" else check for check in doctor]
    whole = all(check["state"] == "works" for check in doctor if not check["feature"].startswith("runtime "))
    assert told["state"] == ("full" if whole else "weaker")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: starts as somebody else")
def test_a_server_with_weaker_isolation_says_so_and_tells_administrators_the_fix(tmp_path):
    os.chmod(tmp_path, 0o777)
    for parent in tmp_path.parents:
        if str(parent) != "/tmp" and str(parent).startswith("/tmp/"):
            os.chmod(parent, 0o755)
    command = ["setpriv", "--reuid=1899999998", "--regid=1899999998", "--clear-groups", PROGRAM, "serve",
               "--data-dir", tmp_path / "data", "--listen", "127.0.0.1:0"]
    with Server(tmp_path, "--allow-weaker", "memory,cpu,pids,uids", "--registration", "open", command=command) as weak:
        told = isolation(weak)
        checks = {check["feature"]: check for check in told["checks"]}
        assert told["state"] == "weaker" and checks["own user id per slot"]["state"] == "weaker"
        assert "root" in checks["own user id per slot"]["fix"]
        for check in isolation(weak, key=account(weak))["checks"]:
            assert check["fix"] == "" and check["state"] == checks[check["feature"]]["state"]
        narrow = weak.request("POST", "/api/keys", {"name": "n", "scopes": ["calls:read"]}).json["key"]
        assert not any(check["fix"] for check in isolation(weak, key=narrow)["checks"])


def test_whoever_is_not_signed_in_is_told_nothing(server):
    assert server.request("GET", "/api/system", key=False).status == 401
    assert server.request("GET", "/api/system", key="vk_" + "0" * 40).status == 401
    assert system(server, key=account(server))["functions"] >= 0
