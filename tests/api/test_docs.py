"""/docs and the contract, from inside the program: complete, without the network, without inline scripts."""

import gzip
import json
import re
import socket

import pytest
import yaml
from virga import ROOT, until

GZIP = {"Accept-Encoding": "gzip"}


def get(server, path, **headers):
    return server.request("GET", path, key=False, headers=headers)


def referenced(page):
    return re.findall(r'(?:src|href)="([^"]+)"', page)


def test_the_contract_is_served_as_it_stands_and_as_json(shared):
    text = (ROOT / "api" / "openapi.yaml").read_bytes()
    as_yaml, as_json = get(shared, "/openapi.yaml"), get(shared, "/openapi.json")
    assert (as_yaml.status, as_yaml.headers["Content-Type"], as_yaml.body) == (200, "application/yaml", text)
    assert (as_json.status, as_json.headers["Content-Type"]) == (200, "application/json")
    assert as_json.json == yaml.safe_load(text)


def test_everything_the_page_names_comes_from_this_server(shared):
    page = get(shared, "/docs").body.decode()
    for path in referenced(page):
        if path != "data:,":
            reply = get(shared, path)
            assert path.startswith("/") and reply.status == 200 and len(reply.body) > 100, path
    assert "/docs/swagger-ui-bundle.js" in page and "style=" not in page
    assert re.findall(r"<script(?![^>]*src=)", page) == []


@pytest.mark.parametrize("path", ["/docs", "/docs/docs.js", "/docs/swagger-ui-bundle.js", "/openapi.json"])
def test_nothing_but_files_of_ours_may_run_or_be_loaded(shared, path):
    headers = get(shared, path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/docs", "/docs/swagger-ui-bundle.js", "/docs/LICENSE.txt"])
def test_with_and_without_gzip_the_file_is_the_same(shared, path):
    plain, packed = get(shared, path), get(shared, path, **GZIP)
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.body) < len(plain.body)
    assert gzip.decompress(packed.body) == plain.body
    for reply in (plain, packed):
        assert reply.headers["Vary"] == "Accept-Encoding" and reply.headers["Cache-Control"] == "no-cache"
        assert reply.headers["ETag"] == packed.headers["ETag"]


@pytest.mark.parametrize("more", [{}, GZIP], ids=["plain", "gzip"])
def test_what_a_browser_has_is_not_sent_again(shared, more):
    tag = get(shared, "/docs/docs.js", **more).headers["ETag"]
    again = get(shared, "/docs/docs.js", **more, **{"If-None-Match": tag})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    other = get(shared, "/docs/docs.js", **more, **{"If-None-Match": '"other"'})
    assert other.status == 200 and other.body


@pytest.mark.parametrize("headers", [{}, GZIP], ids=["plain", "gzip"])
def test_head_answers_like_get_without_the_body(shared, headers):
    reply = shared.request("HEAD", "/docs/swagger-ui.css", key=False, headers=headers)
    assert (reply.status, reply.body) == (200, b"") and reply.headers["ETag"]
    assert get(shared, "/api/health").status == 200


@pytest.mark.parametrize("path", ["/docs/none.js", "/docs/..%2fopenapi.json", "/docs/docs.js/x", "/docs/index.htm"])
def test_there_is_nothing_else(shared, path):
    assert get(shared, path).status == 404


def test_a_slow_or_vanished_reader_of_an_uncompressed_file_holds_nobody_up(shared):
    request = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    readers = [socket.create_connection(("127.0.0.1", shared.port)) for _ in range(20)]
    for reader in readers:
        reader.sendall(request)
    before = shared.metric("virga_http_connections")
    assert before >= 20 and get(shared, "/api/health").status == 200
    for reader in readers:
        reader.close()
    until(lambda: shared.metric("virga_http_connections") <= before - 20, "the connections are gone")
    assert get(shared, "/docs/swagger-ui-bundle.js").status == 200


def test_a_client_of_http_1_0_gets_the_file_until_the_end(shared):
    with socket.create_connection(("127.0.0.1", shared.port)) as client:
        client.sendall(b"GET /openapi.json HTTP/1.0\r\nHost: localhost\r\n\r\n")
        text = b"".join(iter(lambda: client.recv(65536), b""))
    assert json.loads(text.split(b"\r\n\r\n", 1)[1])["openapi"].startswith("3.1")
