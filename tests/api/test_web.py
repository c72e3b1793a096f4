"""The dashboard's page and its files, from inside the program, under a policy that lets nothing of others run."""

import re

import pytest
from virga import ROOT

ADDRESSES = (ROOT / "web/src/app/pages.ts").read_text()
PAGES = ["/", "/setup", "/sign-in", "/sign-up", "/projects", "/projects/new", "/projects/x", "/projects/x/routes",
         "/projects/x/functions/new", "/functions", "/functions/new", "/functions/x", "/functions/x/settings", "/logs", "/settings",
         "/settings/keys"]


def get(server, path, **headers):
    return server.request("GET", path, key=False, headers=headers)


def policy(reply):
    return dict(part.split(" ", 1) for part in reply.headers["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize("path", PAGES)
def test_every_address_of_the_dashboard_answers_with_its_page(shared, path):
    reply = get(shared, path)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b'<div id="root">' in reply.body


def test_every_page_of_the_router_is_served(shared):
    """The tables from the one called `pages` on begin at the root; those above hang below them."""
    pages = ADDRESSES[ADDRESSES.index("const pages"):]
    top = {path.strip("/").split("/")[0] for path in re.findall(r'path: "([^"*]+)"', pages)}
    assert {"projects", "functions", "logs", "settings", "setup", "sign-in", "sign-up"} <= top
    for word in top:
        assert get(shared, f"/{word}").status == 200, word


def test_style_elements_take_a_nonce_that_is_never_the_same(shared):
    nonces = set()
    for _ in range(3):
        reply = get(shared, "/")
        nonce = re.search(rb'name="csp-nonce" content="([^"]{22,})"', reply.body).group(1).decode()
        assert policy(reply)["style-src"] == f"'self' 'nonce-{nonce}'" and b"{{nonce}}" not in reply.body
        assert reply.headers["Cache-Control"] == "no-store" and "ETag" not in reply.headers
        nonces.add(nonce)
    assert len(nonces) == 3


def test_nothing_but_files_of_this_server_may_run_or_be_asked(shared):
    reply = get(shared, "/projects/x")
    rules = policy(reply)
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["worker-src"] == rules["connect-src"] == rules["font-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert reply.headers["X-Content-Type-Options"] == "nosniff" and reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    page = reply.body.decode()
    assert re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page) == []


def test_everything_the_page_names_comes_from_this_server(shared):
    page = get(shared, "/").body.decode()
    paths = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(paths) >= 4
    for path in paths:
        assert path.startswith("/") and get(shared, path).status == 200, path


def test_files_whose_names_tell_their_content_are_kept_for_good_others_are_asked_for(shared):
    page = get(shared, "/").body.decode()
    script = re.search(r'"(/assets/index-[^"]+\.js)"', page).group(1)
    reply = get(shared, script, **{"Accept-Encoding": "gzip"})
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.headers["Content-Encoding"] == "gzip" and reply.headers["Content-Type"] == "text/javascript; charset=utf-8"
    theme = get(shared, "/theme.js")
    assert theme.headers["Cache-Control"] == "no-cache"
    assert get(shared, "/theme.js", **{"If-None-Match": theme.headers["ETag"]}).status == 304


def test_whose_work_the_pages_hold_is_told_with_its_terms(shared):
    text = get(shared, "/licenses.txt").body.decode()
    for name in "react-dom", "monaco-editor", "uplot", "@fontsource-variable/geist":
        assert re.search(rf"^{name} [\d.]+: \S+$", text, re.M), name
    assert "Microsoft Corporation" in text and "SIL OPEN FONT LICENSE" in text


def test_what_is_no_page_and_no_file_is_not_found_in_the_words_of_the_api(shared):
    for path in "/nothing", "/assets/nothing.js", "/index.html", "/api/nothing", "/assets", "/assets/../theme.js":
        reply = get(shared, path)
        assert (reply.status, reply.json) == (404, {"detail": "Not Found"}), path
    assert shared.request("POST", "/", key=False).status == 405


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("path", ["/nowhere", "/no/such/page?x=1", "/index.html", "/apiary", "/%20"])
def test_a_browser_gets_the_page_that_says_that_there_is_none(shared, path):
    reply = get(shared, path, Accept=BROWSER)
    assert (reply.status, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert b'<div id="root">' in reply.body and reply.headers["Cache-Control"] == "no-store"
    assert policy(reply)["script-src"] == "'self'"


@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/api/gateway/nowhere/x", "/docs/nothing", "/docs/a/b", "/metrics/x", "/assets",
                                  "/assets/nothing.js", "/assets/a/b"])
def test_what_is_below_the_api_and_its_files_is_no_page_for_browsers_either(shared, path):
    reply = get(shared, path, Accept=BROWSER)
    assert reply.status == 404 and reply.headers["Content-Type"] == "application/json"


def test_a_missing_page_is_only_read(shared):
    for method in "POST", "PUT", "DELETE", "OPTIONS":
        reply = shared.request(method, "/nowhere", key=False, headers={"Accept": BROWSER})
        assert (reply.status, reply.json) == (404, {"detail": "Not Found"}), method
    assert get(shared, "/nowhere", Accept="*/*").json == {"detail": "Not Found"}
    assert get(shared, "/projects/", Accept=BROWSER).status == 200


def test_head_has_the_headers_of_the_page_and_no_body(shared):
    reply = shared.request("HEAD", "/", key=False)
    assert reply.status == 200 and reply.body == b"" and int(reply.headers["Content-Length"]) > 500
