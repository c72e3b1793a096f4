"""Whether functions may have network at all, and what a server says of it."""

import os
import subprocess
from pathlib import Path

import pytest

from virga import PROGRAM, Server, until


def test_a_server_without_egress_says_so_and_refuses_what_needs_it(tmp_path):
    with Server(tmp_path, "--egress", "off") as server:
        why = "it was started with --egress off"
        state = server.request("GET", "/api/system").json
        assert state["egress"] is False and state["egress_missing"] == why
        reply = server.request("POST", "/api/functions", {"name": "f", "code": "", "network_enabled": True})
        assert reply.status == 422
        complaint, = reply.json["detail"]
        assert complaint["loc"] == ["body", "network_enabled"]
        assert complaint["msg"] == f"Value error, this server gives functions no network: {why}"
        function = server.create("def handler(event): return 1")
        path = f"/api/functions/{function['id']}"
        assert server.request("PUT", path, {"network_enabled": True}).status == 422
        assert server.request("PUT", path, {"network_enabled": False}).status == 200


def test_a_function_from_a_time_with_network_is_told_why_it_does_not_run_and_can_be_changed(tmp_path):
    with Server(tmp_path) as server:
        if not server.request("GET", "/api/system").json["egress"]:
            pytest.skip(server.request("GET", "/api/system").json["egress_missing"])
        function = server.create("def handler(event): return 1", network_enabled=True)
        assert server.call(function)["status"] == "success"
    with Server(tmp_path, "--egress", "off") as server:
        result = server.call(function)
        assert result["status"] == "platform_error" and "network" in result["error"], result
        path = f"/api/functions/{function['id']}"
        assert server.request("PUT", path, {"code": "def handler(event): return 2"}).status == 200
        assert server.request("PUT", path, {"network_enabled": False}).status == 200
        assert server.call(function)["output"] == 2


def test_a_host_that_cannot_give_network_starts_all_the_same_and_says_what_is_missing(tmp_path):
    if os.geteuid() or not Path("/dev/net/tun").exists():
        pytest.skip("needs root and /dev/net/tun, to hide it")
    hide = 'mount --bind /dev/null /dev/net/tun && exec "$@"'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", hide, "sh", PROGRAM, "serve", "--data-dir",
               tmp_path / "data", "--listen", "127.0.0.1:0"]
    with Server(tmp_path, command=command) as server:
        state = server.request("GET", "/api/system").json
        assert state["egress"] is False and state["egress_missing"].startswith("/dev/net/tun: ")
        check, = (c for c in until(lambda: server.request("GET", "/api/system").json["isolation"]["checks"], "the checks are done")
                  if c["feature"] == "egress network")
        assert check["state"] == "weaker" and "modprobe tun" in check["fix"]
        reply = server.request("POST", "/api/functions", {"name": "f", "code": "", "network_enabled": True})
        assert reply.status == 422 and "/dev/net/tun" in reply.json["detail"][0]["msg"]
        assert "virga doctor" in reply.json["detail"][0]["msg"]
        assert server.call(server.create("def handler(event): return 1"))["output"] == 1


@pytest.mark.parametrize("option, value, complaint", [
    ("--egress", "maybe", "takes off or on, not 'maybe'"),
    ("--egress-allow", "10.0.0.1,localhost", "entry 'localhost' does not begin with an IPv4 address like 10.1.2.3"),
    ("--egress-allow", "10.0.0.1:99999", "entry '10.0.0.1:99999' has a port that is not a number from 1 to 65535"),
    ("--egress-deny", "10.0.0.5/8", "entry '10.0.0.5/8' has an address with bits beyond its prefix"),
    ("--egress-deny", ",".join(["10.0.0.1"] * 65), "takes at most 64 entries"),
])
def test_a_wrong_rule_is_named_at_the_start(tmp_path, option, value, complaint):
    ended = subprocess.run([PROGRAM, "serve", "--data-dir", tmp_path / "data", option, value], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2 and f"{option}: {complaint}" in ended.stderr
