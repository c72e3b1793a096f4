#!/usr/bin/python3
"""Holds a server against its contract with requests that schemathesis makes up: run.py ST, the program `st`.

A private server with a little of everything in it; the owner's key. SEED repeats a run, CASES says how many requests
per operation the third phase may try. Fails when an answer is not in the contract, is a 5xx, or when the server does not
end as it should."""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "api")]

from packages import Registry  # noqa: E402
from virga import Server  # noqa: E402

EXCLUDED = {"functionTail": "does not end", "projectTail": "does not end", "allTail": "does not end"}
PASSWORD = "correct horse battery"
CODE = "def handler(event):\n    print(event)\n    return event\n"


def made(server, method, path, body, key=True):
    reply = server.request(method, path, body, key=key)
    assert reply.status == 200, (method, path, reply.status, reply.body)
    return reply.json


class Furniture:
    """What there is to find, and what there is to delete."""

    def __init__(self, server):
        self.server = server

    def make(self, path, body, key=True):
        return made(self.server, "POST", path, body, key)

    def project(self, name):
        project = self.make("/api/projects", {"name": name})["id"]
        base = f"/api/projects/{project}"
        function = self.make("/api/functions", {"name": name, "code": CODE, "project_id": project})["id"]
        call = self.make(f"/api/invoke/{function}", {"input": {"a": 1}})["invocation_id"]
        route = self.make(f"{base}/routes", {"function_id": function, "method": "ANY", "path": "/*rest"})["id"]
        self.make(f"{base}/env", {"key": "NAME", "value": "v"})
        made(self.server, "PUT", f"/api/functions/{function}/inputs/kept", {"input": {"a": [1, None]}})
        self.make(f"{base}/domains", {"domain": f"{name}.example"})
        account = self.account(f"member-of-{name}")
        made(self.server, "PUT", f"{base}/members/{account}", {"role": "viewer"})
        build = self.packages(base)
        backup = self.database(base)
        return {"build": [build], "backup": [backup], "schema": ["public"], "table": ["a"],
                "project": [project], "slug": [name], "function": [function], "call": [call], "route": [route],
                "input": ["kept"], "variable": ["NAME"], "domain": [f"{name}.example"], "member": [account], "version": [1, 2],
                "account": [account], "path": ["", "a/b", "a%20b"]}

    def packages(self, base):
        made(self.server, "PUT", f"{base}/requirements", {"requirements_txt": "requests==2.31.0"})
        return made(self.server, "GET", f"{base}/builds", None)[0]["id"]

    def database(self, base):
        self.make(f"{base}/database/provision", None)
        self.make(f"{base}/database/query", {"sql": "CREATE TABLE a (b int PRIMARY KEY)"})
        return self.make(f"{base}/database/backups", None)["id"]

    def account(self, name):
        return self.make("/api/register", {"name": name, "password": PASSWORD}, key=False)["account"]["id"]

    def supply(self, count):
        names = [f"doomed-{i}" for i in range(count)]
        return {"project": [self.make("/api/projects", {"name": n})["id"] for n in names],
                "function": [self.make("/api/functions", {"name": n, "code": CODE})["id"] for n in names],
                "key": [self.make("/api/keys", {"name": n})["id"] for n in names],
                "invite": [self.make("/api/invites", {})["id"] for n in names],
                "account": [self.account(n) for n in names]}


def command(st, server, seed, cases):
    """One worker: with more, Python 3.11 now and then fails inside ast.parse, which hypothesis uses."""
    return [st, "--config-file", Path(__file__).with_name("schemathesis.toml"), "run", ROOT / "api" / "openapi.yaml",
            "--url", f"http://127.0.0.1:{server.port}", "--header", f"Authorization: Bearer {server.key}",
            "--phases", "examples,coverage,fuzzing", "--max-examples", str(cases),
            "--seed", str(seed), "--workers", "1", "--continue-on-failure", "--request-timeout", "150", "--no-color",
            "--max-redirects", "0", "--generation-database", "none", "--warnings", "off",
            *(f"--exclude-operation-id={name}" for name in EXCLUDED)]


def run(st, seed, cases):
    with tempfile.TemporaryDirectory(prefix="virga-contract-") as folder, Registry() as registry:
        registry.wheel("requests", "2.31.0", {"requests.py": ""})  # what the contract's example asks for
        server = Server(folder, "--registration", "open", "--pip-index-url", registry.index, "--npm-registry",
                        registry.npm_url).start()
        furniture = Furniture(server)
        world = {"kept": furniture.project("kept"), "doomed": furniture.supply(10)}
        environment = {**os.environ, "WORLD": json.dumps(world), "SEED": str(seed), "SCHEMATHESIS_HOOKS": "hooks",
                       "PYTHONPATH": str(Path(__file__).parent), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command(st, server, seed, cases), env=environment, cwd=folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        ended = server.stop()
        failures = re.findall(r".*request failed.*|.*Sanitizer.*", server.log_text())
    return done, ended, failures


def main(st):
    seed = int(os.environ.get("SEED", 0)) or random.SystemRandom().randrange(1, 2**31)
    done, ended, failures = run(os.path.abspath(st), seed, int(os.environ.get("CASES", 10)))
    good = done.returncode == 0 and ended == 0 and not failures
    print(done.stdout if not good else "\n".join(done.stdout.rstrip().splitlines()[-12:]))
    print("\n".join(failures))
    print(f"contract: {'passed' if good else 'FAILED'}, seed {seed} (SEED={seed} repeats it), the server ended with {ended}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
