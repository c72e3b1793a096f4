"""A stand-in for Neon's API (v2), as far as virga speaks it. Its projects are databases of a private PostgreSQL."""

import json
import re
import secrets
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

KEY = "napi_stand_in"


class Neon:
    """One request after the other, in the order in which they came: who asks for a project that is being made finds it, also
    when he who began it was killed meanwhile. `fail` maps "METHOD /path" to (status, message) for the next such request; `made`
    counts projects ever made."""

    def __init__(self, postgres):
        self.postgres, self.projects, self.fail, self.made, self.seen = postgres, {}, {}, 0, []
        neon = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                status, answer = neon.handle(self.command, urlsplit(self.path), body, self.headers["Authorization"])
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_DELETE = answer
        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/api/v2"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def handle(self, method, target, body, authorization):
        path, query = target.path.removeprefix("/api/v2"), parse_qs(target.query)
        self.seen.append(f"{method} {path}")
        if authorization != f"Bearer {KEY}":
            return 401, {"code": "", "message": "authentication failed"}
        if f"{method} {path}" in self.fail:
            status, message = self.fail.pop(f"{method} {path}")
            return status, {"code": "", "message": message}
        if path == "/users/me/organizations":
            return 200, {"organizations": [{"id": "org-first", "name": "First"}, {"id": "org-other", "name": "Other"}]}
        if path == "/projects":
            return self.make(body["project"]) if method == "POST" else self.search(query)
        return self.project(method, *path.removeprefix("/projects/").split("/", 1), query=query)

    def make(self, wanted):
        assert wanted["org_id"] == "org-first", wanted
        role, database = wanted["branch"]["role_name"], wanted["branch"]["database_name"]
        made = {"id": f"quiet-rain-{secrets.token_hex(4)}", "name": wanted["name"], "role": role, "database": database,
                "password": secrets.token_hex(12)}
        self.postgres.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{made['password']}'")
        self.postgres.sql(f"CREATE DATABASE {database} OWNER {role}")
        self.projects[made["id"]] = made
        self.made += 1
        return 201, {"project": {"id": made["id"], "name": made["name"]}, "connection_uris": [], "operations": []}

    def search(self, query):
        return 200, {"projects": [{"id": p["id"], "name": p["name"]} for p in self.projects.values()
                                  if query["search"][0] in p["name"]]}

    def project(self, method, name, rest="", query=None):
        found = self.projects.get(name)
        if not found:
            return 404, {"code": "", "message": "project not found"}
        if method == "DELETE" and not rest:
            self.postgres.sql(f"DROP DATABASE {found['database']} WITH (FORCE)")
            self.postgres.sql(f"DROP ROLE {found['role']}")
            del self.projects[name]
            return 200, {"project": {"id": name}}
        if rest == "connection_uri":
            assert query == {"database_name": [found["database"]], "role_name": [found["role"]]}, query
            return 200, {"uri": f"postgresql://{found['role']}:{found['password']}@127.0.0.1:{self.postgres.port}"
                                f"/{found['database']}?sslmode=disable"}
        if rest == "branches":
            return 200, {"branches": [{"id": "br-old", "default": False}, {"id": "br-main", "default": True}]}
        if re.fullmatch(f"branches/br-main/roles/{found['role']}/reset_password", rest):
            found["password"] = secrets.token_hex(12)
            self.postgres.sql(f"ALTER ROLE {found['role']} PASSWORD '{found['password']}'")
            return 200, {"role": {"name": found["role"], "password": found["password"]}, "operations": []}
        return 404, {"code": "", "message": "not found"}
