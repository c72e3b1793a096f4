"""One virga server of the bench: started on a free port with a data directory of its own."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time

from measure import BUILD, WORK, NotMeasured, wait_until

VIRGA = BUILD / "virga"

PYTHON_CODE = "def handler(event):\n    return {'hello': event.get('name')}\n"
NODE_CODE = "exports.handler = async (event) => ({ hello: event.name });\n"
CODE = {"python": PYTHON_CODE, "node": NODE_CODE}
INPUT = {"name": "ada"}
BODY = json.dumps({"input": INPUT}, separators=(",", ":"))
GOOD = '"success":true'  # must be in each answer; white space is ignored
COLD = '"cold_start":true'


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """Use as a context: `with Server("--blanks", "0") as v: ...`."""

    def __init__(self, *options):
        if not VIRGA.exists():
            raise NotMeasured("build/virga is not built")
        self.port = free_port()
        self.data = WORK / f"data-{os.getpid()}-{self.port}"
        self.options = options
        self.ready_ms = None
        self.key = ""

    def __enter__(self):
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        return self.again()

    def again(self):
        """Starts, with the data that is there."""
        self.log = open(self.data.with_suffix(".log"), "ab")
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [str(VIRGA), "serve", "--data-dir", str(self.data), "--listen",
             f"127.0.0.1:{self.port}", *self.options],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        healthy = wait_until(lambda: self.process.poll() is not None or self.healthy(), 20, 0.001)
        self.ready_ms = (time.perf_counter() - start) * 1e3
        if not healthy or self.process.poll() is not None:
            self.__exit__(NotMeasured)
            raise NotMeasured(f"virga serve did not become ready: {self.last_words()}")
        self.key = (self.data / "owner.key").read_text().strip()
        return self

    def halt(self):
        """Stops, and keeps the data."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def __exit__(self, failure=None, *_):
        self.halt()
        shutil.rmtree(self.data, ignore_errors=True)
        if failure is None:
            self.data.with_suffix(".log").unlink()

    def last_words(self):
        lines = self.data.with_suffix(".log").read_text(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else "(it said nothing)"

    def healthy(self):
        try:
            return self.request("GET", "/api/health")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def create(self, name, runtime="python", code=None, **settings):
        """Makes a function and returns its id; settings must come back as they were asked for."""
        wanted = {"name": name, "runtime": runtime, "code": code or CODE[runtime], **settings}
        status, body = self.request("POST", "/api/functions", wanted)
        if status != 200:
            raise NotMeasured(f"POST /api/functions answered {status}: {body[:200]!r}")
        made = json.loads(body)
        for field, value in settings.items():
            if made.get(field) != value:
                raise NotMeasured(f"functions have no setting {field} = {value!r} here")
        return made["id"]

    def create_many(self, count, runtime="python", prefix="bench", **settings):
        return [self.create(f"{prefix}-{runtime}-{i}", runtime, **settings) for i in range(count)]

    def call_once(self, function_id):
        """Warms a function; raises with what went wrong, so that the report can say it."""
        status, body = self.request("POST", f"/api/invoke/{function_id}", {"input": INPUT})
        answer = json.loads(body) if status == 200 else {}
        if answer.get("success") is not True:
            raise NotMeasured(f"a call answered {status}: {body[:300]!r}")
        return answer

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def invoke_paths(self, ids):
        return [f"/api/invoke/{i}" for i in ids]

    def pids(self):
        """The server and all its descendants, parents first."""
        children = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat", "rb") as f:
                        parent = int(f.read().rpartition(b")")[2].split()[1])
                except OSError:
                    continue
                children.setdefault(parent, []).append(int(entry))
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop(0)
            found.append(pid)
            todo += children.get(pid, [])
        return found

    def spawner(self):
        """A child of the server's, beside the keeper of databases."""
        pids = [p for p in self.pids()[1:] if parent_of(p) == self.process.pid and name_of(p) == "virga-spawner"]
        if len(pids) != 1:
            raise NotMeasured(f"expected one spawner below the server, found {len(pids)}")
        return pids[0]


def name_of(pid):
    with open(f"/proc/{pid}/comm") as f:
        return f.read().strip()


def parent_of(pid):
    with open(f"/proc/{pid}/stat", "rb") as f:
        return int(f.read().rpartition(b")")[2].split()[1])


def memory_kb(pid, field, file="status"):
    """`field` of /proc/PID/status (VmRSS) or smaps_rollup (Pss), in KB; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/{file}") as f:
            for line in f:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def cgroup_count():
    """Directories below every virga.* cgroup, over all hierarchies."""
    total = 0
    for top, names, _ in os.walk("/sys/fs/cgroup"):
        if "/virga." in top:
            total += len(names)
    return total


def metric(server, name):
    """One value of /metrics, labels included in `name`; None when there is none."""
    _, text = server.request("GET", "/metrics")
    for line in text.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.rsplit(" ", 1)[1])
    return None


def wait_for_blanks(server, count):
    """Cold calls are measured as they are after the start has settled, not while it happens."""
    if not wait_until(lambda: (metric(server, 'virga_slots{state="blank"}') or 0) >= count, 20):
        raise NotMeasured(f"no {count} blank slots within 20 s of the start")
