"""A server in miniature that speaks the shapes of the HTTP API, for testing the command line."""

import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

KEY = "vk_test"


def function(name, **more):
    return {"id": f"{abs(hash(name)) % 16**12:024x}", "name": name, "runtime": "python",
            "status": "active", "active_version": 1, "handler": "main.handler",
            "created_at": "2026-01-31T12:00:00.000000Z",
            "updated_at": "2026-01-31T12:00:00.000000Z", **more}


def call(number, **more):
    return {"id": f"{number:036x}", "function_id": "f", "input": "{}", "output": "null",
            "status": "success", "duration_ms": 1, "duration_us": 1234, "source": "direct",
            "created_at": "2026-01-31T12:00:00.000000Z", "version": 1, "cold_start": False,
            "error": None, "traceback": None, "stdout": "", "stderr": "", **more}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def handle_any(self):
        api = self.server.api
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        api.requests.append((self.command, self.path, dict(self.headers), body))
        if api.canned:
            status, canned, headers = api.canned
            return self.answer(status, canned, **headers)
        if not url.path.startswith("/api/invoke/") and api.key and \
                self.headers.get("Authorization") != f"Bearer {api.key}":
            return self.answer(401, {"detail": "Missing auth token"})
        parts = [unquote(p) for p in url.path.split("/")[2:]]
        query = {k: v[-1] for k, v in parse_qs(url.query).items()}
        return self.answer(*api.route(self.command, parts, query, body))

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Api:
    """What the server knows. `canned`, when set, is the answer to everything."""

    def __init__(self):
        self.key = KEY
        self.functions = {}
        self.versions = {}
        self.calls = []
        self.page_max = 200
        self.result = {"success": True, "output": None, "status": "success"}
        self.canned = None
        self.requests = []
        self.files = {}
        self.polled = threading.Event()  # logs were asked for with a cursor
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.api = self
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def add(self, name, versions=1, **more):
        self.functions[name] = function(name, active_version=versions, **more)
        self.versions[name] = [{"function_id": self.functions[name]["id"], "version": v,
                                "created_at": "2026-01-31T12:00:00.000000Z"}
                               for v in range(versions, 0, -1)]
        return self.functions[name]

    def find(self, key):
        return next((f for f in self.functions.values() if key in (f["id"], f["name"])), None)

    def route(self, method, parts, query, body):
        if parts == ["deploy"]:
            return self.deploy(query, body)
        if parts == ["functions"]:
            return 200, self.list(query)
        found = self.find(parts[1])
        if not found:
            return 404, {"detail": "Function not found"}
        if parts[0] == "invoke":
            done = {"duration_ms": 2, "duration_us": 1500, "invocation_id": "c1",
                    "cold_start": True, **(self.result if isinstance(self.result, dict) else {})}
            return 200, self.result if isinstance(self.result, bytes) else done
        if parts[2:] == ["invocations"]:
            return 200, self.page(query)
        if parts[2:] == ["versions"]:
            return 200, self.versions[found["name"]]
        if parts[2:3] == ["versions"] and method == "PUT":
            found["active_version"] = int(parts[3])
            return 200, found
        if method == "DELETE":
            del self.functions[found["name"]]
            return 200, {"detail": "Function deleted"}
        return 200, found

    def list(self, query):
        all_ = list(self.functions.values())
        start = next((i + 1 for i, f in enumerate(all_) if f["id"] == query.get("before")), 0)
        return all_[start:start + int(query.get("limit", 1000))]

    def page(self, query):
        """Newest first; `after` gives those that follow it most closely."""
        calls, limit = self.calls, min(int(query.get("limit", 50)), self.page_max)
        assert not ("after" in query and "before" in query)
        if "after" in query:
            self.polled.set()
            return [c for c in calls if c["id"] > query["after"]][-limit:]
        return [c for c in calls if c["id"] < query.get("before", "g")][:limit]

    def deploy(self, query, body):
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            self.files = {m.name: (m.mode, tar.extractfile(m).read()) for m in tar.getmembers()}
        name = query["name"]
        self.add(name, versions=self.functions.get(name, {}).get("active_version", 0) + 1,
                 runtime=query.get("runtime", "guessed"))
        return 200, self.functions[name]
