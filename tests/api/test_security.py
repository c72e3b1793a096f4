"""What attackers of the control plane try: each test is a class of holes, proven through the API."""

import http.client
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from virga import Server

PASSWORD = "correct horse"
HANDLER = "def handler(event): return {}"


@pytest.fixture(scope="module")
def open_server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("virga"), "--registration", "open", "--log-level", "debug",
                "--public-url", "https://Virga.Example") as running:
        yield running


def ok(reply):
    assert reply.status == 200, (reply.status, reply.body)
    return reply.json


class Person:
    made = 0

    def __init__(self, server, **fields):
        Person.made += 1
        self.server, self.name = server, f"person{Person.made}"
        if "invite" not in fields:  # strangers register only so often
            fields["invite"] = ok(server.request("POST", "/api/invites", {}))["invite"]
        reply = ok(server.request("POST", "/api/register", key=False,
                                  body={"name": self.name, "password": PASSWORD, **fields}))
        self.token, self.id = reply["token"], reply["account"]["id"]

    def ask(self, method, path, body=None, key=None, **more):
        return self.server.request(method, path, body, key=key or self.token, **more)

    def key(self, *scopes, **fields):
        return ok(self.ask("POST", "/api/keys", {"name": "k", "scopes": list(scopes), **fields}))["key"]

    def project(self):
        return ok(self.ask("POST", "/api/projects", {"name": f"of {self.name} {time.monotonic_ns()}"}))

    def function(self, **fields):
        return ok(self.ask("POST", "/api/functions", {"name": "f", "code": HANDLER, **fields}))


def serve(server, code):
    """A project whose every path leads to this code: its slug and id."""
    project = ok(server.request("POST", "/api/projects", {"name": f"p{time.monotonic_ns()}"}))
    fn = server.create(code, project_id=project["id"])
    ok(server.request("POST", f"/api/projects/{project['id']}/routes",
                      {"function_id": fn["id"], "method": "ANY", "path": "/*rest"}))
    return project


# --- scopes ---

def test_a_key_for_projects_reads_no_code(open_server):
    ann = Person(open_server)
    project = ann.project()
    ann.function(project_id=project["id"])
    narrow, wide = ann.key("projects:read"), ann.key("projects:read", "functions:read")
    path = f"/api/projects/{project['id']}/functions"
    reply = ann.ask("GET", path, key=narrow)
    assert reply.status == 403 and "functions:read" in reply.json["detail"]
    assert len(ok(ann.ask("GET", path, key=wide))) == 1
    for path in f"/api/projects/{project['id']}/invocations", f"/api/projects/{project['slug']}/stats":
        assert ann.ask("GET", path, key=narrow).status == 403, path


def test_no_key_makes_a_wider_or_longer_one(open_server):
    ann = Person(open_server)
    soon = "2099-01-01T00:00:00.000000Z"
    key = ann.key("account", "invoke", expires_at=soon)
    for scope in "admin", "functions:write", "secrets:reveal":
        assert ann.ask("POST", "/api/keys", {"name": "x", "scopes": [scope]}, key=key).status == 403, scope
    child = ok(ann.ask("POST", "/api/keys", {"name": "x"}, key=key))
    assert sorted(child["scopes"]) == ["account", "invoke"] and child["expires_at"] == soon
    grandchild = ok(ann.ask("POST", "/api/keys", {"name": "x", "expires_at": "2150-01-01T00:00:00Z"}, key=child["key"]))
    assert grandchild["expires_at"] == soon
    assert ann.ask("PUT", "/api/account/password", {"old": "wrong password", "new": "x" * 9}, key=key).status == 403
    assert ann.ask("DELETE", "/api/account", {}, key=key).status == 422


def test_what_an_account_loses_its_credentials_lose_at_once(open_server):
    ann = Person(open_server)
    key, path = ann.key("functions:read"), f"/api/accounts/{ann.id}"
    credentials = key, ann.token
    for credential in credentials:
        ok(ann.ask("GET", "/api/functions", key=credential))  # in the cache now
    ok(open_server.request("PUT", path, {"status": "disabled"}))
    assert [ann.ask("GET", "/api/functions", key=c).status for c in credentials] == [401, 401]
    ok(open_server.request("PUT", path, {"status": "active"}))
    assert [ann.ask("GET", "/api/functions", key=c).status for c in credentials] == [200, 200]
    ok(open_server.request("DELETE", path))
    assert [ann.ask("GET", "/api/functions", key=c).status for c in credentials] == [401, 401]


# --- members ---

def test_an_address_that_somebody_only_claims_gets_no_membership(open_server):
    boss = Person(open_server)
    mallory = Person(open_server, email="alice@corp.example")
    project = boss.project()
    reply = boss.ask("PUT", f"/api/projects/{project['id']}/members/alice@corp.example", {"role": "owner"})
    assert reply.status == 404 and "confirmed" in reply.json["detail"]
    alice = Person(open_server, email="alice@corp.example",
                   invite=ok(open_server.request("POST", "/api/invites", {"email": "alice@corp.example"}))["invite"])
    assert ok(alice.ask("GET", "/api/account"))["email"] == "alice@corp.example", "a claim keeps nobody out"
    assert ok(mallory.ask("GET", "/api/account"))["email"] is None
    ok(mallory.ask("PUT", "/api/account", {"email": "bob@corp.example"}))
    assert boss.ask("PUT", f"/api/projects/{project['id']}/members/BOB@corp.example", {"role": "viewer"}).status == 404
    invite = ok(open_server.request("POST", "/api/invites", {"email": "carol@corp.example"}))["invite"]
    carol = Person(open_server, invite=invite)
    ok(boss.ask("PUT", f"/api/projects/{project['id']}/members/Carol@corp.example", {"role": "viewer"}))
    assert ok(carol.ask("GET", f"/api/projects/{project['id']}"))["role"] == "viewer"
    ok(carol.ask("PUT", "/api/account", {"email": None}))
    ok(mallory.ask("PUT", "/api/account", {"email": "carol@corp.example"}))
    assert boss.ask("PUT", f"/api/projects/{project['id']}/members/carol@corp.example", {"role": "owner"}).status == 404


def test_owners_who_leave_at_the_same_moment_leave_one_behind(open_server):
    owners = [Person(open_server) for _ in range(3)]
    for _ in range(5):
        project = owners[0].project()["id"]
        for other in owners[1:]:
            ok(owners[0].ask("PUT", f"/api/projects/{project}/members/{other.name}", {"role": "owner"}))

        def leave(i):
            path = f"/api/projects/{project}/members/{owners[i % 3].name}"
            body = {"role": "viewer"} if i % 2 else None
            return owners[i % 3].ask("PUT" if body else "DELETE", path, body).status
        with ThreadPoolExecutor(6) as pool:
            statuses = list(pool.map(leave, range(6)))
        members = open_server.request("GET", f"/api/projects/{project}/members", key=next(
            o.token for o in owners if o.ask("GET", f"/api/projects/{project}/members").status == 200)).json
        assert sum(m["role"] == "owner" for m in members) == 1 and set(statuses) <= {200, 403, 404, 409}, (members, statuses)


def test_addresses_that_only_look_alike_are_refused(open_server):
    for address in "\u0430lice@corp.example", "a\u202ebob@corp.example", "ali\u200bce@corp.example":
        reply = open_server.request("POST", "/api/register", key=False,
                                    body={"name": "lookalike", "password": PASSWORD, "email": address})
        assert reply.status == 422, address


def test_no_change_of_ones_own_account_writes_back_what_an_administrator_took(open_server):
    eve = Person(open_server)
    path, stop = f"/api/accounts/{eve.id}", threading.Event()

    def insist():
        while not stop.is_set():
            eve.ask("PUT", "/api/account", {"email": None})

    threads = [threading.Thread(target=insist) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(40):
            ok(open_server.request("PUT", path, {"admin": True}))
            assert ok(open_server.request("PUT", path, {"admin": False}))["admin"] is False
            assert eve.ask("GET", "/api/account").json["admin"] is False
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert ok(eve.ask("GET", "/api/account"))["admin"] is False


# --- our own origin ---

COOKIES = ("virga_session=evil", "virga_session =evil", "=virga_session=evil", " = virga_session\\t= evil; Path=/api",
           "VIRGA_SESSION=evil")


def test_no_function_sets_our_session(open_server):
    code = f"def handler(e): return {{'statusCode': 200, 'cookies': {list(COOKIES)!r} + ['mine=1'], 'body': '1'}}"
    project = serve(open_server, code.replace("\\\\t", "\\t"))
    reply = open_server.request("GET", f"/api/gateway/{project['slug']}/x", key=False)
    assert reply.headers.get_all("Set-Cookie") == ["mine=1"], reply.headers.get_all("Set-Cookie")


@pytest.mark.parametrize("kind, confined", [
    ("text/html", True), ("TEXT/HTML; charset=utf-7", True), ("text/plain, text/html", True), ("image/svg+xml", True),
    ("text/xsl", True), ("multipart/x-mixed-replace; boundary=a", True), ("application/xhtml+xml", True),
    ("text/javascript", True), ("nonsense", True), ("", True), ("text/plain; x=\",\"", True),
    ("text/plain; charset=utf-8", False), ("Application/JSON", False), ("image/png", False)])
def test_what_may_run_on_our_origin_runs_in_a_sandbox(open_server, kind, confined):
    project = serve(open_server, "def handler(e): return {'statusCode': 200, 'headers': {'content-type': %r, "
                    "'X-Content-Type-Options': 'sniff'}, 'body': '<script>'}" % kind)
    reply = open_server.request("GET", f"/api/gateway/{project['slug']}/x", key=False)
    policies = reply.headers.get_all("Content-Security-Policy") or []
    assert bool(policies) == confined and all("allow-same-origin" not in p for p in policies), policies
    assert reply.headers.get_all("X-Content-Type-Options") == ["nosniff"]


def test_no_function_speaks_for_our_whole_origin(open_server):
    names = ["Clear-Site-Data", "Strict-Transport-Security", "NEL", "Report-To", "Alt-Svc", "service-worker-allowed"]
    headers = {name: "x" for name in [*names, "Keep"]}
    project = serve(open_server, f"def handler(e): return {{'statusCode': 200, 'headers': {headers!r}, 'body': '1'}}")
    ok(open_server.request("POST", f"/api/projects/{project['id']}/domains", {"domain": f"{project['slug']}.example"}))
    ours = open_server.request("GET", f"/api/gateway/{project['slug']}/x", key=False)
    assert ours.headers["Keep"] == "x" and not [n for n in names if n in ours.headers]
    theirs = open_server.request("GET", "/x", key=False, headers={"Host": f"{project['slug']}.example"})
    assert [n for n in names if n not in theirs.headers] == []


def test_nobody_but_an_administrator_takes_a_name_that_may_be_ours(tmp_path):
    with Server(tmp_path, "--registration", "open") as server:
        ann = Person(server)
        domains = f"/api/projects/{ann.project()['id']}/domains"
        reply = ann.ask("POST", domains, {"domain": "virga.corp.example"}, headers={"Host": "elsewhere.example"})
        assert reply.status == 403 and "--public-url" in reply.json["detail"]
        mine = f"/api/projects/{ok(server.request('POST', '/api/projects', {'name': 'P'}))['id']}/domains"
        ok(server.request("POST", mine, {"domain": "virga.corp.example"}))


def test_our_own_name_is_nobodys_domain_however_it_is_written(open_server):
    ann = Person(open_server)
    domains = f"/api/projects/{ann.project()['id']}/domains"
    for domain in "virga.example", "VIRGA.example", "virga.example.", "virga.example:443":
        assert ann.ask("POST", domains, {"domain": domain}).status == 422, domain
    for host in "virga.example", "Virga.Example:443":
        assert open_server.request("GET", "/api/health", key=False, headers={"Host": host}).json["status"] == "ok"


# --- cookies of a browser ---

UNSAFE = [("POST", "/api/keys", {"name": "x"}), ("PUT", "/api/account", {"email": None}),
          ("DELETE", "/api/sessions", None), ("POST", "/api/logout", {}), ("POST", "/api/projects", {"name": "x"})]


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "https://virga.example.evil.example",
                                    "https://virga.example:444", "http://127.0.0.1:1", "http://virga.example"])
def test_no_foreign_page_changes_anything_with_our_cookie(open_server, origin):
    ann = Person(open_server)
    headers = {"Cookie": f"virga_session={ann.token}", **({"Origin": origin} if origin else {})}
    for method, path, body in UNSAFE:
        assert open_server.request(method, path, body, key=False, headers=headers).status == 403, (method, path)
    login = {"login": ann.name, "password": PASSWORD, "cookie": True}
    if origin:
        assert open_server.request("POST", "/api/login", login, key=False, headers={"Origin": origin}).status == 403
    ours = {**headers, "Origin": "https://virga.example"}
    ok(open_server.request("PUT", "/api/account", {"email": None}, key=False, headers=ours))


def test_a_foreign_page_opens_no_tail_with_our_cookie(open_server):
    ann = Person(open_server)
    upgrade = {"Cookie": f"virga_session={ann.token}", "Connection": "Upgrade", "Upgrade": "websocket",
               "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}
    for origin in None, "null", "https://evil.example":
        headers = {**upgrade, **({"Origin": origin} if origin else {})}
        assert open_server.request("GET", "/api/invocations/tail", key=False, headers=headers).status == 403, origin


def test_a_tail_ends_with_the_authority_that_opened_it(open_server):
    boss, guest = Person(open_server), Person(open_server)
    project = boss.project()
    fn = boss.function(project_id=project["id"])
    member = f"/api/projects/{project['id']}/members/{guest.name}"
    key, last = (ok(guest.ask("POST", "/api/keys", {"name": "k", "scopes": ["calls:read", "projects:read"]})) for _ in range(2))
    endings = [
        (key["key"], lambda: ok(guest.ask("DELETE", f"/api/keys/{key['id']}"))),
        (guest.token, lambda: ok(boss.ask("DELETE", member))),
        (guest.token, lambda: ok(guest.ask("POST", "/api/logout", {}))),
        (last["key"], lambda: ok(open_server.request("PUT", f"/api/accounts/{guest.id}", {"status": "disabled"}))),
    ]
    for number, (credential, end) in enumerate(endings):
        secret = f"secret {number}"  # the record of the last one may come only now
        ok(boss.ask("PUT", member, {"role": "viewer"}))
        path = f"/api/functions/{fn['id']}/invocations/tail" if credential != guest.token else "/api/invocations/tail"
        if end is endings[1][1]:
            path = f"/api/projects/{project['id']}/invocations/tail"
        connection = http.client.HTTPConnection("127.0.0.1", open_server.port, timeout=10)
        connection.request("GET", path, headers={"Authorization": f"Bearer {credential}"})
        stream = connection.getresponse()
        assert stream.status == 200, stream.read()
        end()
        ok(boss.ask("POST", f"/api/invoke/{fn['id']}", {"input": {"x": secret}}))
        assert b"event: end" in (got := stream.read()) and secret.encode() not in got, got
        connection.close()


# --- what goes into logs and rows ---

def test_control_bytes_reach_neither_log_nor_audit_nor_sessions(open_server):
    ann = Person(open_server)
    ok(open_server.request("POST", "/api/login", key=False, body={"login": ann.name, "password": PASSWORD},
                           headers={"User-Agent": "agent\t\xe9\xff" + "x" * 4000}))
    agents = [session["agent"] for session in ok(ann.ask("GET", "/api/sessions"))]
    assert any(a.startswith("agent?") for a in agents) and all(re.fullmatch("[ -~]{0,200}", a) for a in agents), agents
    for text in "x\x1b[31m\u202e", "a\nlevel=error", "a\r\nb", "a\x00b":
        reply = open_server.request("POST", "/api/login", key=False, body={"login": text, "password": "y" * 8})
        assert reply.status in (401, 422, 429), reply.body
    log = open_server.log_text()
    assert "\x1b" not in log and not re.search(r"^level=error", log, re.M)


def test_no_refusal_repeats_a_secret(open_server):
    ann, s = Person(open_server), "hush-hush-hush"
    project, fn = ann.project()["id"], ann.function()["id"]
    wrong = [s[:7], [s], {"a": s}, s * 100, s + "\0"]
    asked = [("POST", "/api/login", {"username": ann.name, "password": s})]
    asked += [("POST", "/api/login", {"login": ann.name, "password": w, "cookie": s[:4]}) for w in wrong]
    asked += [("POST", "/api/register", {"name": "x y", "password": s})]
    asked += [("POST", "/api/register", {"name": "xyz", "password": w, "invite": [s]}) for w in wrong]
    asked += [("POST", "/api/register", {"name": "xyz", "password": s, "invite": w}) for w in wrong]
    asked += [("POST", "/api/setup", {"token": w, "name": "xyz", "password": s}) for w in wrong]
    asked += [("PUT", "/api/account/password", {"old": s}), ("PUT", "/api/account/password", {"new": s})]
    asked += [("PUT", "/api/account/password", {"old": PASSWORD, "new": w}) for w in wrong]
    asked += [("DELETE", "/api/account", {"password": w}) for w in wrong]
    asked += [("POST", f"/api/projects/{project}/env", {"key": "A", "value": w}) for w in ([s], {"a": s}, s * 5000, s + "\0")]
    asked += [("POST", f"/api/projects/{project}/env", {"key": k, "value": s}) for k in ("a b", "PATH")]
    asked += [("PUT", f"/api/projects/{project}/env", {"variables": w}) for w in (s, [s], [{"value": s}], {"A": s})]
    asked += [("PUT", f"/api/functions/{fn}", {"environment": w}) for w in (s, [s], {"A": s, "b c": s}, {"A": [s]})]
    bodies = [(m, p, json.dumps(b)) for m, p, b in asked]
    bodies += [("POST", "/api/login", end) for end in (f'{{"password": "{s}', f'{{"password": "{s}" x', f'"{s}"', f'["{s}"]', s)]
    for method, path, body in bodies:
        reply = ann.ask(method, path, body, headers={"Content-Type": "application/json"})
        assert 400 <= reply.status < 500, (method, path, body[:80], reply.status)
        assert s[:7].encode() not in reply.body, (method, path, body[:80], reply.body[:300])
    assert s[:7] not in open_server.log_text()


def test_a_body_that_says_a_thing_twice_is_refused(open_server):
    body = '{"name":"k","scopes":["invoke"],"scopes":["account"]}'
    reply = Person(open_server).ask("POST", "/api/keys", body, headers={"Content-Type": "application/json"})
    assert reply.status in (400, 422), reply.body


# --- guessing ---

def test_names_are_counted_whatever_their_case_and_addresses_whatever_they_claim(open_server):
    victim = Person(open_server)
    replies = []
    for i in range(12):
        name = "".join(c.upper() if (i >> n) & 1 else c for n, c in enumerate(victim.name))
        replies.append(open_server.request("POST", "/api/login", key=False, body={"login": name, "password": f"wrong pass {i}"},
                                           headers={"X-Forwarded-For": f"198.51.100.{i}", "Forwarded": f"for=198.51.100.{i}"}))
    refused = [reply for reply in replies if reply.status == 429]
    assert refused, "the sixth waits for a second, the next for two, then four: some of twelve come too soon"
    assert all(int(reply.headers["Retry-After"]) > 0 for reply in refused)


# --- tokens ---

def test_a_token_of_another_algorithm_opens_nothing(open_server):
    ann = Person(open_server)
    header, claims, signature = ann.token.split(".")
    import base64

    def part(text):
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    for wrong in '{"alg":"none"}', '{"alg":"HS256","typ":"JWT"}', '{"alg":"RS256","typ":"virga+jwt"}', \
            '{"alg":"HS256","typ":"virga+jwt","kid":"../../dev/null"}':
        for end in signature, "", "AA":
            assert ann.ask("GET", "/api/account", key=f"{part(wrong)}.{claims}.{end}").status == 401, wrong
    for token in f"{header}.{claims}.", f"{header}.{claims}.{signature}.", f"{header}..{signature}", \
            f"{header}.{claims}.{signature}=", "A" * 20000:
        assert ann.ask("GET", "/api/account", key=token).status in (401, 431), token[:60]


def test_a_token_of_one_server_is_none_of_another_with_the_same_key(tmp_path, open_server):
    ann = Person(open_server)
    with Server(tmp_path, "--registration", "open") as other:
        other.stop()
        (other.data / "token.key").write_bytes((open_server.data / "token.key").read_bytes())
        other.start()
        assert other.request("GET", "/api/account", key=ann.token).status == 401


# --- without accounts ---

def test_without_accounts_no_other_name_and_no_foreign_page_is_the_owner(tmp_path):
    with Server(tmp_path, "--auth", "none", "--cors-origins", "*") as server:
        assert server.request("GET", "/api/functions", key=False).status == 200
        for headers in ({"Host": "evil.example"}, {"Host": "localhost.evil.example"}, {"Host": "127.0.0.1.nip.example"},
                        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:1"}):
            for method, path, body in ("GET", "/api/functions", None), ("POST", "/api/projects", {"name": "x"}):
                reply = server.request(method, path, body, key=False, headers=headers)
                assert reply.status == 403, (headers, method)
                assert "Access-Control-Allow-Credentials" not in reply.headers
