"""Inputs that are saved with a function, for all who work on it."""

import json
import os

import pytest
from virga import Server

ECHO = "def handler(event):\n    return event\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("inputs"), "--registration", "open") as made:
        yield made


def saved(server, fn, name, raw, key=True):
    """Saves the JSON text as it stands."""
    return server.request("PUT", f"/api/functions/{fn['id']}/inputs/{name}", f'{{"input":{raw}}}'.encode(), key=key,
                          headers={"Content-Type": "application/json"})


def listed(server, fn, key=True):
    reply = server.request("GET", f"/api/functions/{fn['id']}/inputs", key=key)
    assert reply.status == 200, reply.body
    return reply.json


def test_an_input_comes_back_byte_for_byte(server):
    fn = server.create(ECHO)
    texts = ["null", "0", '"\\u0000 \\ud83d\\ude00 \\"quoted\\" caf\u00e9"', "[1, 2.50, -0, 1E+2]", '{ "z": 1,\n "a": {} }',
             "123456789012345678901234567890", "1e400", '{"twice":1,"twice":2}', "[" * 200 + "]" * 200]
    for n, text in enumerate(texts):
        assert saved(server, fn, f"n{n}", text).status == 200
    raw = server.request("GET", f"/api/functions/{fn['id']}/inputs").body.decode()
    for text in texts:
        assert f'"input":{text},"updated_at"' in raw
    assert len(json.loads(raw)) == len(texts)


def test_saving_again_replaces_and_moves_the_time_on(server):
    fn = server.create(ECHO)
    first = saved(server, fn, "one%20of%20them", "1").json
    second = saved(server, fn, "one%20of%20them", '{"n":2}').json
    assert first["name"] == second["name"] == "one of them"
    assert second["updated_at"] > first["updated_at"]
    assert listed(server, fn) == [second] and second["input"] == {"n": 2}


def test_inputs_are_sorted_by_name_and_belong_to_one_function(server):
    fn, other = server.create(ECHO), server.create(ECHO)
    for name in "b", "a", "B", "10", "9":
        assert saved(server, fn, name, "1").status == 200
    assert saved(server, other, "c", "1").status == 200
    assert [i["name"] for i in listed(server, fn)] == ["10", "9", "B", "a", "b"]
    assert [i["name"] for i in listed(server, other)] == ["c"]


def test_a_functions_name_will_do_in_the_path(server):
    fn = server.create(ECHO, name="echo-by-name")
    assert server.request("PUT", "/api/functions/echo-by-name/inputs/a", {"input": [1]}).status == 200
    assert [i["input"] for i in listed(server, fn)] == [[1]]


@pytest.mark.parametrize("name", ["-", "%20a", "a%2Fb", "..", "a%00b", "caf%C3%A9", "n" * 65])
def test_a_name_that_no_function_could_have_is_refused(server, name):
    fn = server.create(ECHO)
    reply = saved(server, fn, name, "1")
    assert reply.status in (400, 422), reply.body
    assert listed(server, fn) == []


def test_what_is_no_input_is_refused_with_its_place(server):
    fn = server.create(ECHO)
    path = f"/api/functions/{fn['id']}/inputs/a"
    for body, place in ({}, ["body", "input"]), ([1], ["body"]), ('"x"', ["body"]), ({"input": "x" * 65535}, ["body", "input"]):
        reply = server.request("PUT", path, body)
        assert (reply.status, reply.json["detail"][0]["loc"]) == (422, place), reply.body
    assert server.request("PUT", path, {"input": "x" * 65534}).status == 200


def test_the_fiftieth_input_is_the_last(server):
    fn = server.create(ECHO)
    for n in range(50):
        assert saved(server, fn, f"n{n}", json.dumps("x" * 65534)).status == 200
    refused = saved(server, fn, "n50", "1")
    assert refused.status == 409 and "at most 50" in refused.json["detail"]
    assert saved(server, fn, "n49", "1").status == 200
    assert len(listed(server, fn)) == 50
    assert server.request("DELETE", f"/api/functions/{fn['id']}/inputs/n0").status == 200
    assert saved(server, fn, "n50", "1").status == 200


def test_inputs_go_with_their_function(server):
    fn = server.create(ECHO, name="short-lived")
    assert saved(server, fn, "a", "1").status == 200
    assert server.request("DELETE", f"/api/functions/{fn['id']}").status == 200
    assert server.request("GET", f"/api/functions/{fn['id']}/inputs").status == 404
    assert saved(server, fn, "a", "1").status == 404
    assert listed(server, server.create(ECHO, name="short-lived")) == []


def test_public_records_open_no_inputs(server):
    fn = server.create(ECHO, public_logs=True, access="public")
    assert saved(server, fn, "a", "1").status == 200
    assert server.request("GET", f"/api/functions/{fn['id']}/inputs", key=False).status == 401
    stranger = server.request("POST", "/api/register", {"name": f"s{os.urandom(4).hex()}", "password": "correct horse"}, key=False)
    assert server.request("GET", f"/api/functions/{fn['id']}/inputs", key=stranger.json["token"]).status == 404


def test_inputs_outlive_a_kill(tmp_path):
    server = Server(tmp_path).start()
    fn = server.create(ECHO)
    assert saved(server, fn, "a", '{"kept": true}').status == 200
    server.stop(9)
    with Server(tmp_path) as again:
        assert [i["input"] for i in listed(again, fn)] == [{"kept": True}]
