"""How functions do, from counts: totals and series."""

import statistics

from virga import Server, until

FAILING = "def handler(event):\n    if event: raise ValueError('no')\n    return 1"


def totals(server, path="/api/stats"):
    reply = server.request("GET", path)
    assert reply.status == 200, reply.body
    return reply.json


def test_totals_count_calls_and_round_half_to_even(server):
    assert {"total_functions": 0, "total_invocations": 0, "success_rate": 0, "avg_duration_ms": 0}.items() <= \
        totals(server).items()
    fn = server.create(FAILING)
    results = [server.call(fn, n) for n in range(8)]  # one of eight succeeds: 12.5 %
    got = totals(server)
    assert got["total_functions"] == 1 and got["total_invocations"] == 8 and got["success_rate"] == 12
    assert got["total_errors"] == 7 and got["total_cold_starts"] == sum(r["cold_start"] for r in results)
    mean = statistics.mean(r["duration_us"] for r in server.records(fn)) / 1000
    assert got["avg_duration_ms"] == round(mean)
    assert all(isinstance(got[name], int) for name in ("success_rate", "avg_duration_ms"))
    assert server.request("GET", "/api/stats", key=False).status == 401


def test_a_series_is_ready_for_a_chart(server):
    fn, other = server.create(FAILING), server.create(FAILING)
    for n in (0, 0, 0, 1):
        server.call(fn, n)
    server.call(other, 0)
    series = totals(server, f"/api/functions/{fn['id']}/stats")
    assert series["step_s"] == 300 and 288 <= len(series["points"]) <= 290 and series["total_invocations"] == 4
    calls = [p for p in series["points"] if p["calls"]]
    assert sum(p["calls"] for p in calls) == 4 and sum(p["errors"] for p in calls) == 1
    assert series["total"]["calls"] == 4 and series["statuses"] == {"success": 3, "error": 1}
    for point in series["points"]:
        assert point["at"].endswith("Z")
        if point["calls"]:
            assert 0 < point["p50_ms"] <= point["p95_ms"] <= point["p99_ms"] and 0 <= point["cold_share"] <= 1
        else:
            assert point["p50_ms"] is point["avg_ms"] is None
    slowest = max(r["duration_us"] for r in server.records(fn)) / 1000
    assert abs(series["total"]["p99_ms"] - slowest) <= 0.07 * slowest
    assert totals(server, "/api/stats/series")["total"]["calls"] == 5
    assert totals(server, f"/api/stats/series?step=3600&function={other['id']}")["total"]["calls"] == 1


def test_a_series_of_a_project(server):
    project = server.request("POST", "/api/projects", {"name": "One"}).json
    fn = server.create(FAILING, project_id=project["id"])
    server.call(server.create(FAILING), 0)
    server.call(fn, 0)
    series = totals(server, f"/api/projects/{project['slug']}/stats?step=60&from=" + minutes_ago(30))
    assert series["total_functions"] == 1 and series["total"]["calls"] == 1 and 30 <= len(series["points"]) <= 32


def minutes_ago(n):
    from datetime import datetime, timedelta, timezone
    return (datetime.now(timezone.utc) - timedelta(minutes=n)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_range_that_ends_within_a_minute_has_the_calls_of_that_minute(server):
    fn = server.create(FAILING)
    server.call(fn, 0)
    [record] = server.records(fn)
    minute = record["created_at"][:len("2030-01-31T12:00")]
    ends = f"&from={minutes_ago(30)}&to={minute}:00"
    assert totals(server, f"/api/functions/{fn['id']}/stats?step=60{ends}Z")["total"]["calls"] == 0
    assert totals(server, f"/api/functions/{fn['id']}/stats?step=60{ends}.000001Z")["total"]["calls"] == 1


def test_wrong_ranges_are_refused_with_their_place(shared):
    for query, place in (("step=61", "step"), ("step=60", "step"), ("from=x", "from"), ("to=2020-01-01", "to"),
                         ("from=2020-01-01T00:00:00Z&step=3600", "step"), ("function=none", "function"),
                         (f"step=60&from={minutes_ago(60 * 60)}&to={minutes_ago(59 * 60)}", "from")):
        reply = shared.request("GET", f"/api/stats/series?{query}")
        assert reply.status == 422 and reply.json["detail"][0]["loc"] == ["query", place], (query, reply.body)


def test_totals_outlive_records_and_restarts_and_go_with_the_function(tmp_path):
    server = Server(tmp_path, "--calls-kept", "5").start()
    fn = server.create(FAILING)
    for _ in range(40):
        server.call(fn, 0)
    until(lambda: len(server.records(fn, "?limit=200")) < 10, "records are pruned")
    server.stop()
    with Server(tmp_path, "--calls-kept", "5") as server:
        assert totals(server)["total_invocations"] == 40
        assert server.request("DELETE", f"/api/functions/{fn['id']}").status == 200
        assert totals(server)["total_invocations"] == 0
