"""The bench is only as true as its client: bench/load.c against a server whose timing is known."""

import json
import math
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOAD = ROOT / "build/bench/load"


class Handler(BaseHTTPRequestHandler):
    """/slow10: every tenth request takes 100 ms. /busy: every second one is refused."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with server.lock:
            server.seen.append((self.path, body, self.headers.get("X-Mark")))
            turn = len(server.seen)
        if self.path == "/slow10" and turn % 10 == 0:
            server.never.wait(0.1)
        status = 429 if self.path == "/busy" and turn % 2 == 0 else 200
        text = b'{ "success" : true, "turn": %d }' % turn + b" " * server.padding
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        if self.path == "/close":
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(text)

    do_GET = None

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    s = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    s.daemon_threads = True
    s.lock, s.seen, s.padding, s.never = threading.Lock(), [], 0, threading.Event()
    thread = threading.Thread(target=s.serve_forever, args=(0.01,))
    thread.start()
    yield s
    s.shutdown()
    s.server_close()
    thread.join()


def load(server, path, *options):
    if not LOAD.exists():
        pytest.fail("build/bench/load is missing: make loadgen")
    url = f"http://127.0.0.1:{server.server_port}{path}"
    run = subprocess.run([LOAD, "-b", '{"a":1}', *map(str, options), url], capture_output=True,
                         text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def nearest_rank(values, p):
    return sorted(values)[max(math.ceil(p * len(values) - 1e-9), 1) - 1]


def test_every_request_is_answered_once_and_counted(server):
    result = load(server, "/", "-n", 500, "-c", 4, "-H", "X-Mark: yes")
    assert len(server.seen) == 500 == result["answers"] == result["status"]["200"]
    assert set(server.seen) == {("/", b'{"a":1}', "yes")}
    assert result["latency_us"]["count"] == 500 and result["other_us"]["count"] == 0


def test_percentiles_are_those_of_the_recorded_answers(server, tmp_path):
    raw = tmp_path / "raw"
    result = load(server, "/slow10", "-n", 100, "-o", raw)
    times = [int(line.split()[1]) for line in raw.read_text().splitlines()]
    for name, p in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)):
        assert result["latency_us"][name] == nearest_rank(times, p)
    assert result["latency_us"]["min"] == min(times) and result["latency_us"]["max"] == max(times)


def test_a_delay_of_every_tenth_answer_shows_in_p99_and_not_in_p50(server):
    latency = load(server, "/slow10", "-n", 100)["latency_us"]
    assert latency["p50"] < 50000
    assert latency["p99"] >= 100000


def test_refusals_are_kept_apart_from_successes(server):
    result = load(server, "/busy", "-n", 100)
    assert result["status"] == {"200": 50, "429": 50}
    assert result["latency_us"]["count"] == 50 == result["other_us"]["count"]


def test_warm_up_answers_are_not_counted(server):
    result = load(server, "/", "-n", 100, "-w", 40)
    assert len(server.seen) == 100 and result["answers"] == 60


def test_bodies_are_compared_without_white_space(server):
    result = load(server, "/", "-n", 20, "-e", '"success":true', "-k", '"turn":7}')
    assert result["unexpected"] == 0 and result["counted"] == 1
    assert load(server, "/", "-n", 20, "-e", '"success":false')["unexpected"] == 20


def test_a_body_longer_than_the_buffer_is_read_to_its_end(server):
    server.padding = 200000
    result = load(server, "/", "-n", 20, "-e", '"success":true')
    assert result["answers"] == 20 and result["broken"] == 0 and result["unexpected"] == 0


def test_paths_are_requested_in_turn(server, tmp_path):
    paths = tmp_path / "paths"
    paths.write_text("/a\n/b\n/c\n")
    load(server, "/", "-n", 6, "-P", paths)
    assert [path for path, _, _ in server.seen] == ["/a", "/b", "/c"] * 2


def test_a_connection_closed_by_the_server_is_opened_again(server):
    result = load(server, "/close", "-n", 50, "-c", 2)
    assert result["status"] == {"200": 50} and result["broken"] == 0


def test_an_open_loop_keeps_its_rate(server):
    """Never quicker. A busy machine makes any single run slower, so the quickest of some is what the rate makes of it."""
    quickest = 60
    for _ in range(10):
        result = load(server, "/", "-n", 200, "-c", 8, "-r", 400)
        assert result["answers"] == 200 and result["seconds"] > 0.4
        quickest = min(quickest, result["seconds"])
        if quickest < 1.5:
            break
    assert quickest < 1.5


def test_an_open_loop_counts_the_wait_behind_a_slow_answer(server):
    """One connection, 100 a second, every tenth takes 100 ms: those behind it were due meanwhile."""
    latency = load(server, "/slow10", "-n", 100, "-r", 100)["latency_us"]
    assert latency["p90"] > 50000
    assert load(server, "/slow10", "-n", 100)["latency_us"]["p50"] < 50000


def test_a_server_that_never_answers_is_a_timeout():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        started = time.monotonic()
        run = subprocess.run([LOAD, "-n", "2", "-t", "200", url], capture_output=True, text=True,
                             timeout=30)
    result = json.loads(run.stdout)
    assert result["timeouts"] == 2 and result["answers"] == 0
    assert time.monotonic() - started < 25  # ten seconds each are what it waits when it is not told


def test_a_port_where_nobody_listens_is_said():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it meanwhile
        run = subprocess.run([LOAD, "-n", "1", f"http://127.0.0.1:{s.getsockname()[1]}/"], capture_output=True, text=True)
    assert run.returncode == 2 and "connect" in run.stderr


@pytest.mark.parametrize("wrong", [["-n", "0"], ["-n", "x"], ["-c", "99999", "-n", "1"], []])
def test_counts_are_bounded_and_required(wrong):
    run = subprocess.run([LOAD, *wrong, "http://127.0.0.1:1/"], capture_output=True, text=True)
    assert run.returncode == 2 and "load:" in run.stderr


def test_other_hosts_than_loopback_are_refused():
    run = subprocess.run([LOAD, "-n", "1", "http://192.0.2.1:80/"], capture_output=True, text=True)
    assert run.returncode == 2


def test_the_driver_uses_the_same_percentiles():
    sys.path.insert(0, os.fspath(ROOT / "bench"))
    try:
        from measure import Report, percentile
    finally:
        sys.path.pop(0)
    values = list(range(1, 101))
    assert [percentile(values, p) for p in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert percentile([7], 0.99) == 7
    report = Report(quick=True)
    report.section("a")
    report.ratio("x", "here", "gone", "<= 1", lambda r: True)
    assert report.unmeasured and not report.failed and report.rows()[0].passed is None
