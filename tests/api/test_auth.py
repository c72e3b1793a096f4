"""Accounts, credentials of every kind, and what each of them may do."""

import base64
import http.cookies
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from issuer import AUDIENCE, Issuer, Key
from virga import Server, until

PASSWORD = "correct horse"


def start(tmp_path, *options):
    return Server(tmp_path, "--registration=open", *options)


@pytest.fixture(scope="module")
def open_server(tmp_path_factory):
    """Anybody may register; the tests make accounts of their own. Each comes from an address of its own, since wrong
    passwords are counted by address too."""
    with start(tmp_path_factory.mktemp("auth"), "--trusted-proxies=127.0.0.1") as running:
        yield running


@pytest.fixture(scope="module")
def issuer():
    with Issuer() as running:
        running.keys = [Key("rsa"), Key("ec", "ES256")]
        yield running


@pytest.fixture(scope="module")
def trusting(tmp_path_factory, issuer):
    """A server that takes the issuer's tokens."""
    with Server(tmp_path_factory.mktemp("trusting"), f"--issuer={issuer.url}", f"--audience={AUDIENCE}") as running:
        yield running


class Person:
    """An account, asked for from an address."""
    count = 0

    def __init__(self, server, name=None):
        Person.count += 1
        self.server, self.name = server, name or f"person{Person.count}"
        self.address = f"192.0.2.{Person.count}"
        reply = self.ask("POST", "/api/register", {"name": self.name, "password": PASSWORD}, key=False)
        assert reply.status == 200, reply.body
        self.token, self.id = reply.json["token"], reply.json["account"]["id"]

    def ask(self, method, path, body=None, key=None, headers=None, address=None):
        headers = {"X-Forwarded-For": address or self.address, **(headers or {})}
        return self.server.request(method, path, body, key=self.token if key is None else key, headers=headers)

    def login(self, password=PASSWORD, address=None, **more):
        return self.ask("POST", "/api/login", {"login": self.name, "password": password, **more}, key=False, address=address)

    def key(self, **fields):
        reply = self.ask("POST", "/api/keys", {"name": "key", **fields})
        assert reply.status == 200, reply.body
        return reply.json


@pytest.fixture
def person(open_server):
    return Person(open_server)


def whoami(server, key):
    return server.request("GET", "/api/account", key=key)


def refused(server, key):
    reply = whoami(server, key)
    assert reply.status == 401, reply.body
    return reply.json["detail"]


# An external issuer

def test_tokens_of_the_issuer_open_an_account_made_at_first_sight(trusting, issuer):
    for key in issuer.keys[:2]:
        token = issuer.token(key, "first", preferred_username="Grace Hopper", email="g@example.org", email_verified=True)
        reply = whoami(trusting, token)
        assert reply.status == 200, reply.body
        assert (reply.json["name"], reply.json["email"], reply.json["admin"]) == ("grace-hopper", "g@example.org", False)
        assert reply.json["credential"]["kind"] == "external"


def test_many_first_requests_at_once_make_one_account(trusting, issuer):
    token = issuer.token(issuer.keys[0], "crowd")
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: whoami(trusting, token), range(16)))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.json["id"] for reply in replies}) == 1


@pytest.mark.parametrize("claims, says", [
    ({"aud": "other"}, "Could not verify token"),
    ({"aud": None}, "Could not verify token"),
    ({"iss": "https://other.example"}, "Could not verify token"),
    ({"exp": 1}, "Token expired"),
    ({"exp": None}, "Could not verify token"),
    ({"nbf": 4102444800}, "Could not verify token"),
    ({"sub": None}, "Could not verify token"),
])
def test_a_token_that_is_not_for_us_or_not_of_now_is_refused(trusting, issuer, claims, says):
    assert refused(trusting, issuer.token(issuer.keys[0], **claims)) == says


def test_no_trick_with_algorithms_opens_anything(trusting, issuer):
    key, stranger = issuer.keys[0], Key(issuer.keys[0].kid)
    good = issuer.token(key)
    assert whoami(trusting, good).status == 200
    for token in (issuer.confused_token(key), issuer.unsigned_token(), issuer.token(stranger), good + "=", good + ".x",
                  issuer.token(key, header={"crit": ["exp"]}), issuer.token(key, header={"alg": "RS512"})):
        assert refused(trusting, token) == "Invalid token"
    assert refused(trusting, issuer.token(key, header={"alg": "ES256"})) == "Could not verify token"


def test_without_an_answer_of_the_issuer_its_tokens_cannot_be_verified(tmp_path):
    with Issuer() as issuer:
        issuer.away = True
        with Server(tmp_path, f"--issuer={issuer.url}", f"--audience={AUDIENCE}") as server:
            key = Key("k")
            issuer.keys = [key]
            assert refused(server, issuer.token(key)) == "Could not verify token"
            assert server.request("GET", "/api/account").status == 200, "all else goes on"


def test_an_issuer_that_does_not_answer_holds_up_nobody_else(tmp_path):
    with Issuer() as issuer:
        issuer.keys = [Key("k")]
        issuer.ready.clear()
        with Server(tmp_path, f"--issuer={issuer.url}", f"--audience={AUDIENCE}") as server, ThreadPoolExecutor(8) as pool:
            fn = server.create("def handler(e): return 1", access="key")
            assert server.invoke(fn).status == 200
            begun = time.monotonic()
            asked = [pool.submit(whoami, server, issuer.token(issuer.keys[0], f"u{i}")) for i in range(8)]
            until(lambda: issuer.fetches, "the keys are asked for")
            until(lambda: sum(a.done() for a in asked) >= 5, "all but one who asks and two who wait are sent away")
            assert whoami(server, server.key).status == 200 and server.invoke(fn).status == 200
            issuer.ready.set()
            replies = [a.result() for a in asked]
            in_time = time.monotonic() - begun < 5  # so long an issuer has to answer
            statuses = sorted(r.status for r in replies)
            assert statuses == 3 * [200] + 5 * [503] or (not in_time and statuses == 3 * [401] + 5 * [503])
            assert {r.headers["Retry-After"] for r in replies if r.status == 503} == {"1"}


def test_an_issuer_needs_an_audience(tmp_path):
    server = Server(tmp_path, "--issuer=https://issuer.example")
    with pytest.raises(AssertionError):
        server.start()
    assert server.process.wait(timeout=20) == 1
    assert "--issuer needs --audience" in server.log_text()
    server.log.close()


# Set-up and registration

def setup_link(server):
    return until(lambda: re.search(r"(http://\S+)(/setup\?token=(\S+))", server.log_text()), "the log shows the set-up link")


def test_the_set_up_link_in_the_log_gives_the_owner_a_password_once(tmp_path):
    with Server(tmp_path) as server:
        link = setup_link(server)
        assert link.group(1) == f"http://127.0.0.1:{server.port}"
        assert server.request("GET", "/api/setup", key=False).json["needed"] is True
        body = {"token": link.group(3), "name": "ada", "password": PASSWORD}
        assert server.request("POST", "/api/setup", {**body, "token": "0" * 64}, key=False).status == 403
        reply = server.request("POST", "/api/setup", body, key=False)
        assert reply.status == 200 and reply.json["account"]["admin"] is True
        assert server.request("POST", "/api/setup", body, key=False).status == 409
        assert server.request("POST", "/api/login", {"login": "ada", "password": PASSWORD}, key=False).status == 200
        log = server.log_text()
    with Server(tmp_path) as server:
        assert "set up the first account" not in server.log_text()[len(log):]
        assert server.request("GET", "/api/setup", key=False).json["needed"] is False


def test_only_one_of_many_uses_of_the_set_up_link_wins(tmp_path):
    with Server(tmp_path) as server:
        token = setup_link(server).group(3)

        def use(i):
            body = {"token": token, "name": f"ada{i}", "password": PASSWORD}
            return server.request("POST", "/api/setup", body, key=False).status
        with ThreadPoolExecutor(8) as pool:
            statuses = sorted(pool.map(use, range(8)))
        assert statuses == [200] + 7 * [409]


def test_registration_is_closed_unless_it_is_opened(shared):
    assert shared.request("GET", "/api/setup", key=False).json["registration"] == "closed"
    reply = shared.request("POST", "/api/register", {"name": "bob", "password": PASSWORD}, key=False)
    assert (reply.status, reply.json["detail"]) == (403, "Registration is closed on this server")


def test_one_invite_makes_one_account_however_many_use_it(tmp_path):
    with Server(tmp_path, "--registration=invite", "--public-url=https://virga.example") as server:
        invite = server.request("POST", "/api/invites", {}).json
        assert invite["url"] == f"https://virga.example/sign-up?invite={invite['invite']}"

        def use(i):
            body = {"name": f"guest{i}", "password": PASSWORD, "invite": invite["invite"]}
            return server.request("POST", "/api/register", body, key=False).status
        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(use, range(6))) == [200] + 5 * [403]
        assert invite["invite"] not in server.request("GET", "/api/invites").body.decode()


def test_a_name_belongs_to_one_whatever_its_case_and_whoever_is_faster(open_server):
    def register(name):
        return open_server.request("POST", "/api/register", {"name": name, "password": PASSWORD}, key=False,
                                   headers={"X-Forwarded-For": "198.51.100.1"}).status
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(register, ["Twin", "twin", "TWIN", "tWin"])) == [200, 409, 409, 409]


# Passwords and throttling

def test_wrong_passwords_are_slowed_down_and_say_for_how_long(person):
    stranger = "203.0.113.1"
    assert [person.login("wrong password", address=stranger).status for _ in range(5)] == 5 * [401]

    def right_but_refused():
        """None when so much time has passed since a wrong one that somebody may try again: a second, then two, then four."""
        person.login("wrong password", address=stranger)
        reply = person.login(address=stranger)
        return reply if reply.status == 429 else None
    assert int(until(right_but_refused, "who guesses has to wait").headers["Retry-After"]) >= 1
    assert person.login().status == 200, "who is signed in from an address is not locked out by strangers"


def test_a_new_password_ends_the_other_sessions_but_no_keys(person):
    other, key = person.login().json["token"], person.key()["key"]
    assert person.ask("PUT", "/api/account/password", {"old": "wrong password", "new": "another horse"}).status == 403
    assert person.ask("PUT", "/api/account/password", {"old": PASSWORD, "new": "another horse"}).status == 200
    assert refused(person.server, other) == "Invalid token"
    assert whoami(person.server, person.token).status == 200
    assert whoami(person.server, key).status == 200
    assert person.login().status == 401 and person.login("another horse").status == 200


def test_no_password_key_or_token_is_ever_written_to_the_log(person):
    key = person.key()["key"]
    person.login("a secret that is wrong")
    log = person.server.log_text()
    for secret in (PASSWORD, "a secret that is wrong", key, person.token, person.server.key):
        assert secret not in log


# Sessions and keys

def test_a_login_by_name_or_address_gives_a_jwt_for_seven_days(person):
    assert person.ask("PUT", "/api/account", {"email": f"{person.name}@example.org"}).status == 200
    for login in person.name, person.name.upper(), f"{person.name.upper()}@Example.org":
        reply = person.ask("POST", "/api/login", {"login": login, "password": PASSWORD}, key=False)
        assert reply.status == 200, (login, reply.body)
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in reply.json["token"].split(".")[:2])
        assert header["alg"] == "HS256" and claims["sub"] == person.id and claims["exp"] - claims["iat"] == 7 * 86400
        assert datetime.fromisoformat(reply.json["expires_at"].replace("Z", "+00:00")).timestamp() // 1 == claims["exp"]
        assert whoami(person.server, reply.json["token"]).json["credential"]["kind"] == "session"


def test_sessions_are_listed_and_ended(person):
    other = person.login().json["token"]
    sessions = person.ask("GET", "/api/sessions").json
    assert [s["current"] for s in sessions] == [False, True]
    assert sessions[0]["address"] == person.address
    assert person.ask("DELETE", f"/api/sessions/{sessions[0]['id']}").status == 200
    assert refused(person.server, other) == "Invalid token"
    third = person.login().json["token"]
    assert person.ask("DELETE", "/api/sessions").json["count"] == 1
    assert refused(person.server, third) == "Invalid token"
    assert person.ask("POST", "/api/logout", {}).status == 200
    assert refused(person.server, person.token) == "Invalid token"


def test_sessions_and_keys_outlive_a_restart(tmp_path):
    with start(tmp_path) as server:
        body = {"name": "bob", "password": PASSWORD}
        token = server.request("POST", "/api/register", body, key=False).json["token"]
        key = server.request("POST", "/api/keys", {"name": "k"}, key=token).json["key"]
    with start(tmp_path) as server:
        assert whoami(server, token).json["name"] == whoami(server, key).json["name"] == "bob"


def test_a_key_does_what_its_scopes_say(person):
    key = person.key(scopes=["functions:read"])["key"]
    assert person.ask("GET", "/api/functions", key=key).status == 200
    reply = person.ask("POST", "/api/functions", {"name": "f", "code": ""}, key=key)
    assert (reply.status, reply.json["detail"]) == (403, "This key lacks the scope 'functions:write'")
    assert person.ask("GET", "/api/account", key=key).status == 403
    assert person.ask("POST", "/api/keys", {"name": "more"}, key=key).status == 403
    assert person.ask("POST", "/api/keys", {"name": "more", "scopes": ["admin"]}).status == 403


def test_a_revoked_key_stops_at_once(person):
    made = person.key()
    assert whoami(person.server, made["key"]).status == 200
    assert person.ask("DELETE", f"/api/keys/{made['id']}").status == 200
    assert refused(person.server, made["key"]) == "Invalid token"


def test_a_key_says_when_it_was_used(person):
    made = person.key()
    assert whoami(person.server, made["key"]).status == 200
    until(lambda: person.ask("GET", "/api/keys").json[0]["last_used_at"], "the use is written")


def test_an_expired_key_says_so(person):
    def expires_in(seconds):
        """None when the time was over before it was read."""
        at = (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        reply = person.ask("POST", "/api/keys", {"name": "key", "expires_at": at})
        assert reply.status == 200 or "expires_at" in str(reply.json["detail"]), reply.body
        return reply.json["key"] if reply.status == 200 else None
    key = next(filter(None, map(expires_in, (1, 5, 25))))
    until(lambda: whoami(person.server, key).status == 401, "the key expires")
    assert refused(person.server, key) == "Token expired"


def test_a_disabled_account_is_out_with_all_its_credentials(person):
    key = person.key()["key"]
    assert whoami(person.server, key).status == whoami(person.server, person.token).status == 200
    path = f"/api/accounts/{person.id}"
    assert person.server.request("PUT", path, {"status": "disabled"}).status == 200
    assert refused(person.server, key) == refused(person.server, person.token) == "Account disabled"
    assert person.login().status == 401
    assert person.server.request("PUT", path, {"status": "active"}).status == 200
    assert whoami(person.server, key).status == 200


def test_an_account_that_still_has_something_is_not_deleted(person):
    project = person.ask("POST", "/api/projects", {"name": f"of {person.name}"}).json
    reply = person.ask("DELETE", "/api/account", {"password": PASSWORD})
    assert reply.status == 409 and "without an owner" in reply.json["detail"]
    assert person.ask("DELETE", f"/api/projects/{project['id']}").status == 200
    function = person.ask("POST", "/api/functions", {"name": "f", "code": "def handler(e): return 1"}).json
    assert person.ask("DELETE", "/api/account", {"password": PASSWORD}).status == 409
    assert person.ask("DELETE", f"/api/functions/{function['id']}").status == 200
    assert person.ask("DELETE", "/api/account", {"password": PASSWORD}).status == 200
    assert refused(person.server, person.token) == "Invalid token"


def test_the_audit_log_shows_ones_own_lines_and_administrators_all(person):
    person.key(name="for the log")
    mine = person.ask("GET", "/api/audit").json
    assert [line["action"] for line in mine] == ["key.create", "account.create"]
    assert mine[0]["detail"] == "for the log" and mine[0]["address"] == person.address
    everything = person.server.request("GET", "/api/audit?limit=1000").json
    assert {line["number"] for line in mine} < {line["number"] for line in everything}
    narrow = person.server.request("POST", "/api/keys", {"name": "n", "scopes": ["account"]}).json["key"]
    assert {line["account_id"] for line in person.server.request("GET", "/api/audit", key=narrow).json} == {"owner"}


# Cookies

def cookie_of(reply):
    header = reply.headers["Set-Cookie"]
    return header, http.cookies.SimpleCookie(header)["virga_session"].value


def test_a_browser_uses_a_cookie_that_pages_of_others_cannot(person):
    reply = person.login(cookie=True)
    assert reply.headers["Cache-Control"] == "no-store"
    header, value = cookie_of(reply)
    assert "HttpOnly" in header and "SameSite=Lax" in header and "Secure" not in header
    cookie, own = {"Cookie": f"virga_session={value}"}, f"http://127.0.0.1:{person.server.port}"

    def ask(method, path, **headers):
        return person.ask(method, path, {} if method != "GET" else None, key=False, headers={**cookie, **headers}).status
    assert ask("GET", "/api/account") == 200
    assert ask("PUT", "/api/account") == 403, "a change without Origin"
    assert ask("PUT", "/api/account", Origin="https://evil.example") == 403
    assert ask("PUT", "/api/account", Origin="null") == 403
    assert ask("PUT", "/api/account", Origin=own) == 200
    assert ask("GET", "/api/account", Origin="https://evil.example") == 403
    assert ask("POST", "/api/logout", Origin=own) == 200
    assert ask("GET", "/api/account") == 401


def test_behind_tls_the_cookie_is_secure(person):
    reply = person.ask("POST", "/api/login", {"login": person.name, "password": PASSWORD, "cookie": True}, key=False,
                       headers={"X-Forwarded-Proto": "https"})
    assert "; Secure" in cookie_of(reply)[0]


# --auth none

def test_without_accounts_this_machine_is_the_owner_but_no_web_page(tmp_path):
    with Server(tmp_path, "--auth=none") as server:
        def ask(**headers):
            return server.request("GET", "/api/functions", key=False, headers=headers).status
        assert "set up the first account" not in server.log_text()
        assert ask() == 200
        assert ask(Host=f"localhost:{server.port}") == 200
        assert ask(Host="evil.example") == 403, "DNS rebinding"
        assert ask(Host=f"evil.example:{server.port}") == 403
        assert ask(Origin="https://evil.example") == 403
        assert ask(Origin=f"http://127.0.0.1:{server.port}") == 200
        made = server.request("POST", "/api/functions", {"name": "f", "code": "def handler(e): return 1"}, key=False)
        assert made.status == 200
        assert server.request("POST", f"/api/invoke/{made.json['id']}", {}, key=False,
                              headers={"Host": "evil.example"}).status == 200, "a public function is for everybody"


def test_without_accounts_only_this_machine_is_listened_to(tmp_path):
    server = Server(tmp_path, "--auth=none", "--listen=0.0.0.0:0")
    with pytest.raises(AssertionError):
        server.start()
    assert server.process.wait(timeout=20) == 1
    assert "loopback" in server.log_text()
    server.log.close()


# Last: by now the list of keys is old enough to be asked for again without a wait

def test_keys_rotate_and_invented_ones_do_not_hammer_the_issuer(trusting, issuer):
    old, new, stranger = issuer.keys[0], Key("new", "ES256"), Key("x", "ES256")
    assert whoami(trusting, issuer.token(old, "before")).status == 200
    issuer.keys = [new]
    until(lambda: whoami(trusting, issuer.token(new)).status == 200, "the new key is found")
    assert refused(trusting, issuer.token(old, "somebody else")) == "Could not verify token"
    fetched, begun = issuer.fetches, time.monotonic()
    for i in range(50):
        stranger.kid = f"invented{i}"
        assert refused(trusting, issuer.token(stranger)) == "Could not verify token"
    assert issuer.fetches <= fetched + 1 + (time.monotonic() - begun) // 10, "no more often than every 10 s"
    issuer.away = True
    assert whoami(trusting, issuer.token(new, "yet another")).status == 200, "known keys go on"
