"""logs and stats, against a server in miniature (server.py)."""

import json
import re
import signal
import stat
import subprocess

import pytest

from harness import DEADLINE_S, VIRGA
from server import call


def test_logs_show_the_oldest_call_first(cli, api):
    api.add("f")
    api.calls = [call(2, status="error", error="ValueError: no", cold_start=True, version=3),
                 call(1, stdout="one\ntwo\n")]
    done = cli("logs", "f")
    first, one, two, second, error = done.stdout.splitlines()
    assert first == f"2026-01-31 12:00:00  success  1.2 ms  warm  v1  {1:036x}"
    assert (one, two, error) == ("    one", "    two", "    ValueError: no")
    assert "error" in second and "cold  v3" in second


def test_logs_of_many_calls_come_in_pages(cli, api):
    api.add("f")
    api.calls = [call(n) for n in range(250, 0, -1)]
    lines = cli("logs", "f", "-n", "205").stdout.splitlines()
    assert [line.split()[-1] for line in lines] == [f"{n:036x}" for n in range(46, 251)]


def test_a_page_cut_short_by_its_bytes_is_not_the_end(cli, api):
    api.add("f")
    api.page_max = 3
    api.calls = [call(n) for n in range(10, 0, -1)]
    assert len(cli("logs", "f").stdout.splitlines()) == 10


def test_an_empty_page_in_between_is_not_the_end(cli, api):
    """A filter that takes little leaves whole pages empty."""
    api.add("f")
    api.page_max = 2
    api.calls = [call(n, status="error" if n < 3 else "success") for n in range(10, 0, -1)]
    lines = cli("logs", "f", "--status", "error").stdout.splitlines()
    assert [line.split()[-1] for line in lines] == [f"{n:036x}" for n in (1, 2)]


def test_logs_as_json_are_one_object_per_line(cli, api):
    api.add("f")
    api.calls = [call(2), call(1, stdout="a\nb")]
    lines = cli("logs", "f", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == api.calls[::-1]


def test_filters_become_the_servers_parameters(cli, api):
    api.add("f")
    cli.ok("logs", "f", "--status", "error,timeout", "--source", "gateway", "--cold", "--text", "a&b",
           "--since", "2h", "--until", "2030-01-31T12:00:00Z")
    query = api.requests[-1][1].split("?")[1].split("&")
    assert {"status=error%2Ctimeout", "source=gateway", "cold=true", "q=a%26b",
            "until=2030-01-31T12%3A00%3A00Z"} < set(query)
    assert any(re.fullmatch(r"since=20\d\d-\d\d-\d\dT\d\d%3A\d\d%3A\d\dZ", p) for p in query)


def test_a_wrong_time_names_its_option(cli, api):
    done = cli("logs", "f", "--since", "yesterday")
    assert done.returncode == 2 and "--since takes a span such as 2h" in done.stderr and not api.requests


def test_logs_without_a_name_are_those_of_the_project_or_of_all(cli, api):
    api.calls = [call(1, function_name="hello")]
    assert "  hello  success" in cli.ok("logs")
    api.add_project("shop")
    assert "  hello  success" in cli.ok("logs", "--project", "shop", VIRGA_PROJECT="other")
    assert [r.split("?")[0] for r in api.asked()] == ["GET /api/invocations", "GET /api/projects/shop/invocations"]


# Following

def follow(cli, *args):
    return subprocess.Popen([VIRGA, "logs", *args, "-f"], env=cli.env, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


@pytest.fixture
def following(cli):
    """Starts `logs -f`; ended whatever happens."""
    started = []

    def start(*args):
        started.append(follow(cli, *args))
        return started[-1]
    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_following_shows_new_calls_and_ends_with_ctrl_c(api, following):
    api.add("f")
    api.calls = [call(2), call(1)]
    process = following("f", "-n", "1")
    assert f"{2:036x}" in process.stdout.readline()
    api.record(call(3), call(4, stdout="hi\n"))
    assert f"{3:036x}" in process.stdout.readline()
    assert f"{4:036x}" in process.stdout.readline()
    assert process.stdout.readline() == "    hi\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE_S) == 0


def test_a_call_that_is_listed_and_told_is_shown_once(api, following):
    api.add("f")
    api.calls = [call(1)]
    process = following("f", "--json")
    assert json.loads(process.stdout.readline()) == api.calls[0]
    for tail in api.tails:  # told again, as one that ended between the two questions
        tail.put(f"id: x\ndata: {json.dumps(api.calls[0])}\n\n")
    api.record(call(2))
    assert json.loads(process.stdout.readline())["id"] == f"{2:036x}"


def test_a_shortened_record_is_fetched_whole(api, following):
    api.add("f")
    process = following("f")
    assert api.tailing.wait(DEADLINE_S)
    whole = call(1, function_id=api.functions["f"]["id"], stdout="long text\n", truncated=["stdout"])
    api.calls = [whole]
    api.tails[0].put(f"data: {json.dumps({**whole, 'stdout': 'long'})}\n\n")
    assert f"{1:036x}" in process.stdout.readline()
    assert process.stdout.readline() == "    long text\n"


def test_a_stream_that_ends_is_opened_again_behind_the_last_record(api, following):
    api.add("f")
    api.calls = [call(1)]
    process = following("f")
    assert f"{1:036x}" in process.stdout.readline()
    api.tails[0].put('event: end\ndata: {"reason": "the server stops"}\n\n')
    api.tails.pop().put(None)
    api.tailing.clear()
    assert "the server stops" in process.stderr.readline()
    assert "connected again" in process.stderr.readline()
    assert api.requests[-1][2]["Last-Event-ID"] == f"{1:036x}"
    api.record(call(2))
    assert f"{2:036x}" in process.stdout.readline()


def test_what_the_server_refuses_ends_the_following(api, following):
    api.add("f")
    process = following("f")
    assert api.tailing.wait(DEADLINE_S)
    api.canned = (403, {"detail": "No longer a member"}, {})
    api.tails.pop().put(None)
    assert process.wait(DEADLINE_S) == 3
    assert "No longer a member" in process.stderr.read()


# Export

def test_an_export_is_a_file_of_json_lines_for_its_owner(cli, api, tmp_path):
    api.add("f")
    api.calls = [call(n, stdout="x" * 1000) for n in range(300, 0, -1)]
    done = cli("logs", "f", "--export", "all.ndjson")
    assert (done.returncode, done.stdout) == (0, "") and "300 records" in done.stderr
    lines = (tmp_path / "all.ndjson").read_text().splitlines()
    assert [json.loads(line) for line in lines] == api.calls[::-1]
    assert stat.S_IMODE((tmp_path / "all.ndjson").stat().st_mode) == 0o600
    assert cli.ok("logs", "f", "--export", "-").splitlines() == lines


def test_an_export_that_breaks_off_says_so(cli, api):
    api.add("f")

    def broken(_query):
        yield json.dumps(call(1)) + "\n"
        yield "no json\n"
    api.export = broken
    done = cli("logs", "f", "--export", "out")
    assert done.returncode != 0 and "record 2 is no JSON" in done.stderr and "incomplete: 1" in done.stderr


@pytest.mark.parametrize("args", [("-f",), ("-n", "5")])
def test_an_export_takes_all(cli, args):
    done = cli("logs", "f", "--export", "x", *args)
    assert done.returncode == 2 and "--export takes all" in done.stderr


def test_an_export_to_a_terminal_is_neutralised(cli, api):
    api.add("f")
    api.calls = [call(1)]
    api.export = lambda _: iter(['{"a": "\u009b2J"}\n'])
    assert "\u009b" not in cli.on_terminal("logs", "f", "--export", "-", NO_COLOR="1")[1]


# Stats

def test_stats_are_a_table_of_what_was_called(cli, api):
    api.add("hello")
    api.add("idle")
    lines = cli.ok("stats").splitlines()
    assert lines[0].split() == ["FUNCTION", "CALLS", "ERRORS", "P50", "P95", "P99", "COLD"]
    assert [line.split()[0] for line in lines[1:]] == ["hello", "all"]
    assert re.sub(" +", " ", lines[1]) == "hello 10 1 1.5 ms 20.0 ms 1.50 s 10.0 %"


def test_stats_of_one_function_go_back_as_far_as_asked(cli, api):
    api.add("hello")
    assert len(cli.ok("stats", "hello", "--since", "7d").splitlines()) == 2
    assert re.search(r"/stats\?from=20\d\d-", api.asked()[-1])
    assert json.loads(cli.ok("stats", "hello", "--json"))["total"]["calls"] == 10
    done = cli("stats", "--since", "soon")
    assert done.returncode == 2 and "--since takes a time" in done.stderr
    assert cli("stats", "nope").returncode == 3


def test_stats_of_a_project_are_of_its_functions(cli, api):
    api.add_project("shop")
    api.add("inside", project="shop")
    api.add("outside")
    assert [line.split()[0] for line in cli.ok("stats", "--project", "shop").splitlines()[1:]] == ["inside", "all"]
