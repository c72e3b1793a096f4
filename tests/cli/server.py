"""A server in miniature that speaks the shapes of the HTTP API, for testing the command line."""

import io
import json
import queue
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

KEY = "vk_test"
WHEN = "2026-01-31T12:00:00.000000Z"
SCOPES = ["functions:read", "functions:write", "account"]


def function(name, **more):
    return {"id": f"{abs(hash(name)) % 16**12:024x}", "name": name, "runtime": "python",
            "status": "active", "active_version": 1, "handler": "main.handler",
            "created_at": WHEN,
            "updated_at": WHEN, **more}


def call(number, **more):
    return {"id": f"{number:036x}", "function_id": "f", "input": "{}", "output": "null",
            "status": "success", "duration_ms": 1, "duration_us": 1234, "source": "direct",
            "created_at": WHEN, "version": 1, "cold_start": False,
            "error": None, "traceback": None, "stdout": "", "stderr": "", **more}


LAYER = {"id": "ab" * 32, "runtime": "python", "runtime_version": "3.11.2", "bytes": 2500000, "files": 10,
         "packages": [{"name": "idna", "version": "3.6"}, {"name": "requests", "version": "2.31.0"}]}
DATABASE = {"has_database": True, "database_url": "postgresql://p_1:***@/p_1?host=/run/postgresql", "state": "ready",
            "problem": None, "version": "15.8", "bytes": 8000000, "bytes_max": 1000000000, "connections": 4,
            "server_connections": 2, "connections_max": 20}


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

    def stream(self, pieces):
        """An answer without a length; it ends with the connection."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for piece in pieces:
            self.wfile.write(piece.encode())
            self.wfile.flush()

    def handle_any(self):
        api = self.server.api
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        api.requests.append((self.command, self.path, dict(self.headers), body))
        if api.canned:
            status, canned, headers = api.canned
            return self.answer(status, canned, **headers)
        parts = [unquote(p) for p in url.path.split("/")[2:]]
        who = api.who(self.headers.get("Authorization", ""))
        if parts[0] not in ("invoke", "login", "setup", "register") and api.key and not who:
            return self.answer(401, {"detail": "Missing auth token"})
        query = {k: v[-1] for k, v in parse_qs(url.query).items()}
        if parts[-1] in ("tail", "export") and parts[-2] == "invocations":
            return self.stream(api.tail() if parts[-1] == "tail" else api.export(query))
        if len(parts) == 5 and parts[2] == "builds" and parts[4] == "events":
            return self.stream(api.build_events(parts[3]))
        status, reply, *more = api.route(self.command, parts, query, body, who or "owner")
        return self.answer(status, reply, **(more[0] if more else {}))

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


def not_found(what):
    return 404, {"detail": f"{what} not found"}


class Api:
    """What the server knows. `canned`, when set, is the answer to everything."""

    def __init__(self):
        self.key = KEY
        self.functions = {}
        self.versions = {}
        self.calls = []
        self.page_max = 200
        self.result = {"success": True, "output": None, "status": "success"}
        self.loaded = {"loaded": True, "problem": None}
        self.canned = None
        self.broken_log = False  # the next log of a build breaks off
        self.requests = []
        self.files = {}
        self.accounts = {"owner": {"password": None, "admin": True}}
        self.keys = []  # of all accounts, with their text
        self.tokens = {}
        self.setup_token = None
        self.invites = []
        self.projects = {}
        self.tails = []  # a queue for each one that is open
        self.tailing = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.api = self
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        for tail in self.tails:
            tail.put(None)
        self.http.shutdown()
        self.http.server_close()

    def asked(self):
        """"METHOD /path" of each request."""
        return [f"{method} {path}" for method, path, _, _ in self.requests]

    def body(self, at=-1):
        return json.loads(self.requests[at][3])

    def route(self, method, parts, query, body, who):
        handlers = {"deploy": self.deploy, "functions": self.function, "invoke": self.function,
                    "projects": self.project, "keys": self.key_of, "accounts": self.account,
                    "stats": lambda *_: (200, {"total": STATS}),
                    "invocations": lambda m, p, q, b, w: self.page(p, q)}
        if parts[0] in handlers:
            return handlers[parts[0]](method, parts, query, body, who)
        sent = json.loads(body) if body else {}
        return getattr(self, "do_" + parts[0])(sent, who)

    # Accounts

    def add_account(self, name, password="correct horse", **more):
        self.accounts[name] = {"password": password, "admin": False, **more}

    def who(self, header):
        text = header.removeprefix("Bearer ")
        if text == self.key:
            return "owner"
        return next((k["account"] for k in self.keys if k["key"] == text), self.tokens.get(text))

    def account_json(self, name):
        a = self.accounts[name]
        return {"id": f"id-{name}", "name": name, "email": a.get("email"), "admin": a["admin"],
                "status": a.get("status", "active"), "external": False,
                "has_password": bool(a["password"]), "created_at": WHEN}

    def session(self, name):
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = name
        return 200, {"token": token, "account": self.account_json(name)}

    def do_login(self, sent, _):
        account = self.accounts.get(sent["login"])
        if not account or account["password"] != sent["password"]:
            return 401, {"detail": "Wrong name or password"}
        return self.session(sent["login"])

    def do_setup(self, sent, _):
        if not sent:
            return 200, {"needed": self.setup_token is not None, "auth": "accounts" if self.key else "none"}
        if sent["token"] != self.setup_token:
            return 403, {"detail": "Wrong or used set-up token: the server's log has the link"}
        self.add_account(sent["name"], sent["password"], admin=True)
        return self.session(sent["name"])

    def do_register(self, sent, _):
        if sent["invite"] not in self.invites:
            return 403, {"detail": "This invite is unknown, used or expired"}
        self.add_account(sent["name"], sent["password"], email=sent.get("email"))
        return self.session(sent["name"])

    def do_logout(self, _sent, who):
        self.tokens = {t: n for t, n in self.tokens.items() if n != who}
        return 200, {"detail": "Logged out"}

    def do_invites(self, sent, _):
        self.invites.append(f"invite{len(self.invites)}")
        return 200, {"id": "i", "email": sent.get("email"), "expires_at": WHEN,
                     "url": f"/sign-up?invite={self.invites[-1]}"}

    def do_account(self, sent, who):
        if sent:
            if sent["old"] != self.accounts[who]["password"]:
                return 403, {"detail": "Wrong password"}
            self.accounts[who]["password"] = sent["new"]
            return 200, {"detail": "Password changed"}
        return 200, {**self.account_json(who), "credential": {"scopes": [*SCOPES, "admin"]}}

    def account(self, method, parts, query, body, who):
        if not self.accounts[who]["admin"]:
            return 403, {"detail": "This key lacks the scope 'admin'"}
        names = list(self.accounts)
        if len(parts) == 1:
            start = int(query.get("before", 0))
            more = {"Link": f'<?before={start + 2}>; rel="next"'} if start + 2 < len(names) else {}
            return 200, [self.account_json(n) for n in names[start:start + 2]], more
        name = parts[1].removeprefix("id-")
        if parts[2:] == ["password-reset"]:
            return 200, {"password": "temporary-1"}
        self.accounts[name].update(json.loads(body))
        return 200, self.account_json(name)

    def key_of(self, method, parts, query, body, who):
        if method == "POST":
            sent = json.loads(body)
            n = len(self.keys)
            self.keys.append({"id": f"key{n}", "name": sent["name"], "key": f"vk_issued{n}",
                              "hint": "vk_issu", "scopes": sent.get("scopes", SCOPES),
                              "expires_at": sent.get("expires_at"), "last_used_at": None,
                              "account": who})
            return 200, self.keys[-1]
        mine = [k for k in self.keys if k["account"] == who]
        if method == "GET":
            return 200, [{m: v for m, v in k.items() if m != "key"} for k in mine]
        found = [k for k in mine if k["id"] == parts[1]]
        if not found:
            return not_found("Key")
        self.keys.remove(found[0])
        return 200, {"detail": "Key revoked"}

    # Projects

    def add_project(self, slug, **more):
        self.projects[slug] = {"id": f"p-{slug}", "name": slug.title(), "slug": slug,
                               "function_count": 0, "role": "owner", "updated_at": WHEN,
                               "description": "", "status": "active", **more}
        self.projects[slug].update(env={}, routes=[], members={"owner": "owner"})
        return self.projects[slug]

    def project_json(self, p):
        return {k: v for k, v in p.items() if k not in ("env", "routes", "members")}

    def project(self, method, parts, query, body, who):
        sent = json.loads(body) if body else {}
        if len(parts) == 1 and method == "POST":
            return 200, self.project_json(self.add_project(sent["name"].lower().replace(" ", "-"), **sent))
        if len(parts) == 1:
            return 200, [self.project_json(p) for p in self.projects.values()]
        p = self.projects.get(parts[1])
        if not p:
            return not_found("Project")
        if len(parts) > 2:
            return getattr(self, "of_project_" + parts[2])(p, method, parts[3:], query, sent)
        if method == "DELETE":
            del self.projects[parts[1]]
            return 200, {"detail": "Project deleted"}
        if method == "PUT":
            del self.projects[parts[1]]
            p.update(sent, slug=sent["name"].lower())
            self.projects[p["slug"]] = p
        return 200, self.project_json(p)

    def of_project_invocations(self, _p, _method, _parts, query, _sent):
        return self.page([], query)

    def of_project_stats(self, *_):
        return 200, {"total": STATS}

    def of_project_members(self, p, method, parts, _query, sent):
        if method == "PUT":
            if parts[0] not in self.accounts:
                return not_found("Account")
            p["members"][parts[0]] = sent["role"]
        if method == "DELETE":
            del p["members"][parts[0]]
            return 200, {"detail": "Member removed"}
        return 200, [{"name": n, "role": r, "email": None, "created_at": WHEN}
                     for n, r in p["members"].items()]

    def of_project_env(self, p, method, parts, _query, sent):
        if method == "PUT":
            p["env"] = {v["key"]: v for v in sent["variables"]}
        if method == "POST" and parts[1:] == ["reveal"]:
            return 200, {"key": parts[0], "value": p["env"][parts[0]]["value"]}
        if method == "POST":
            p["env"][sent["key"]] = sent
        if method == "DELETE":
            if not p["env"].pop(parts[0], None):
                return not_found("Env var")
            return 200, {"detail": "gone"}
        return 200, [{**v, "value": "****" if v["is_secret"] else v["value"], "updated_at": WHEN}
                     for v in p["env"].values()]

    def of_project_requirements(self, p, method, parts, _query, _sent):
        if parts == ["lock"]:
            return 200, {"requirements_txt": p.get("lock", ""), "package_lock": ""}
        builds = p.get("builds", [])
        return 200, {"requirements_txt": p.get("requirements_txt", ""), "package_json": p.get("package_json", ""),
                     "package_lock": "", "python": p.get("python"), "node": None,
                     "build": builds[-1] if builds else None}

    def of_project_builds(self, p, method, parts, _query, sent):
        builds = p.setdefault("builds", [])
        if method == "POST" and not parts:
            failed = "nope" in sent.get("requirements_txt", "")
            builds.append({"id": f"b{len(builds)}", "asked": sent, "reused": False, "created_at": WHEN, "log": None,
                           "status": "failed" if failed else "succeeded", "error": "no package 'nope'" if failed else None})
            if not failed:
                p.update({k: v for k, v in sent.items() if k != "refresh"})
                p["python"] = LAYER
            return 202, builds[-1]
        if not parts:
            return 200, builds[::-1]
        found = next((b for b in builds if b["id"] == parts[0]), None)
        if not found:
            return not_found("Build")
        if parts[1:] == ["cancel"]:
            found["status"] = "cancelled"
        return 200, found

    def build_events(self, build):
        found = next(b for p in self.projects.values() for b in p.get("builds", []) if b["id"] == build)
        if not self.broken_log:
            yield 'event: progress\ndata: {"status": "running", "step": "installing"}\n\n'
        yield 'event: log\ndata: {"text": "Collecting things\\n"}\n\n'
        if self.broken_log:
            self.broken_log = False
            return
        yield 'event: log\ndata: {"text": "Done\\n"}\n\n'
        yield f"event: done\ndata: {json.dumps(found)}\n\n"

    def of_project_database(self, p, method, parts, query, sent):
        what, *rest = parts or ["show"]
        if what == "provision":
            p["database"] = {**DATABASE, "provider": sent.get("provider", "local")}
        if what in ("deprovision", "restore") or rest[1:] == ["restore"]:
            if query.get("name") != p["name"]:
                return 422, {"detail": [{"loc": ["query", "name"], "msg": "the name must be repeated", "type": "value_error"}]}
        if what == "deprovision":
            p.pop("database")
        db = p.get("database", {"has_database": False})
        if what in ("show", "provision", "rotate", "deprovision") or rest[1:] == ["restore"]:
            return 200, db
        if what == "reveal":
            return 200, {"database_url": db["database_url"].replace("***", "secret")}
        if what == "tables":
            return 200, [{"schema": "public", "name": "visits", "kind": "table", "rows": 3, "bytes": 8192, "columns": [{}, {}]}]
        if what == "query":
            return self.query_result(sent)
        if method == "GET" and rest:
            return 200, b"PGDMP\0\xff" * 1000
        backup = {"id": "k1", "bytes": 7000, "created_at": WHEN}
        return 200, backup if method == "POST" else [backup]

    def query_result(self, sent):
        if "nope" in sent["sql"]:
            return 422, {"detail": 'ERROR:  relation "nope" does not exist\nLINE 1: SELECT * FROM nope\n                      ^'}
        columns = [{"name": f"c{i}", "type": "integer"} for i in range(sent["sql"].count(",") + 1)]
        rows = [[None if i == 0 else str(i) for i in range(len(columns))]]
        return 200, {"columns": columns, "rows": rows, "truncated": True, "command": "SELECT 1", "duration_ms": 0.5}

    def of_project_routes(self, p, method, parts, query, sent):
        if parts == ["match"]:
            hit = next((r for r in p["routes"] if r["method"] == query["method"]), None)
            return 200, {"route": hit, "params": {"id": "7"} if hit else {}}
        if method == "POST":
            p["routes"].append({"id": f"r{len(p['routes'])}", **sent})
            return 200, p["routes"][-1]
        if method == "DELETE":
            p["routes"] = [r for r in p["routes"] if r["id"] != parts[0]]
            return 200, {"detail": "Route deleted"}
        return 200, p["routes"]

    # Functions

    def add(self, name, versions=1, **more):
        self.functions[name] = function(name, active_version=versions, **more)
        self.versions[name] = [{"function_id": self.functions[name]["id"], "version": v,
                                "created_at": WHEN}
                               for v in range(versions, 0, -1)]
        return self.functions[name]

    def find(self, key):
        return next((f for f in self.functions.values() if key in (f["id"], f["name"])), None)

    def function(self, method, parts, query, body, who):
        if parts == ["functions"]:
            return self.list(query)
        found = self.find(parts[1])
        if not found:
            return not_found("Function")
        if parts[0] == "invoke":
            done = {"duration_ms": 2, "duration_us": 1500, "invocation_id": "c1",
                    "cold_start": True, **(self.result if isinstance(self.result, dict) else {})}
            return 200, self.result if isinstance(self.result, bytes) else done
        if parts[2:] == ["invocations"]:
            return self.page(parts, query)
        if parts[2:3] == ["invocations"]:
            return 200, next(c for c in self.calls if c["id"] == parts[3])
        if parts[2:] == ["load"]:
            return self.loaded if isinstance(self.loaded, tuple) else (200, self.loaded)
        if parts[2:] == ["stats"]:
            return 200, {"total": STATS if found["name"] != "idle" else {**STATS, "calls": 0}}
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
        found = [f for f in self.functions.values()
                 if f.get("project") == query.get("project", f.get("project"))
                 and f["name"] == query.get("name", f["name"])]
        start = next((i + 1 for i, f in enumerate(found) if f["id"] == query.get("before")), 0)
        limit = int(query.get("limit", 1000))
        page = found[start:start + limit]
        more = start + limit < len(found)
        return 200, page, {"Link": f'<?before={page[-1]["id"]}>; rel="next"'} if more else {}

    def page(self, _parts, query):
        """Newest first. The link says whether it goes on, as in a server that bounds a page's bytes."""
        limit = min(int(query.get("limit", 50)), self.page_max)
        assert "after" not in query
        older = [c for c in self.calls if c["id"] < query.get("before", "g")]
        seen = [c for c in older[:limit] if c["status"] in query.get("status", c["status"])]
        more = len(older) > limit
        if not more:
            return 200, seen
        same = urlencode({**query, "before": older[limit - 1]["id"]})
        return 200, seen, {"Link": f'<?{same}>; rel="next"'}

    def tail(self):
        events = queue.Queue()
        self.tails.append(events)
        self.tailing.set()
        yield ":\n\n"
        while (event := events.get()) is not None:
            yield event

    def record(self, *calls):
        """Calls that have just ended: stored, and told to whoever follows."""
        for one in calls:
            self.calls.insert(0, one)
            for tail in self.tails:
                tail.put(f"id: {one['id']}\ndata: {json.dumps(one)}\n\n")

    def export(self, query):
        yield from (json.dumps(c) + "\n" for c in reversed(self.calls)
                    if c["status"] in query.get("status", c["status"]))

    def deploy(self, method, parts, query, body, who):
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            self.files = {m.name: (m.mode, tar.extractfile(m).read()) for m in tar.getmembers()}
        name = query["name"]
        self.add(name, versions=self.functions.get(name, {}).get("active_version", 0) + 1,
                 runtime=query.get("runtime", "guessed"), access=self.access, status=self.state)
        return 200, self.functions[name]

    access = "public"
    state = "active"


STATS = {"calls": 10, "errors": 1, "p50_ms": 1.5, "p95_ms": 20, "p99_ms": 1500, "cold_share": 0.1}
