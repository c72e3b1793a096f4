"""The control plane: the gateway beside direct calls, lists, a full store, many records."""

import json
from contextlib import ExitStack

from filled import Filled
from measure import NotMeasured, faultless, load, median, ms
from server import BODY, GOOD, Server, memory_kb

ROUTES = 1000


def measure(report):
    gateway(report)
    with Server() as v:
        small = Small(v)
        v.halt()
        functions = fill_functions(v, small)
        start(report, v)
        pages(report, v)
        v.halt()
        fill_calls(v, functions[0], 100_000 if report.quick else 1_000_000)
        v.again()
        records(report, v, functions[0], "100,000" if report.quick else "1,000,000")


def post(v, path, body):
    status, answer = v.request("POST", path, body)
    if status != 200:
        raise NotMeasured(f"POST {path} answered {status}: {answer[:200]!r}")
    return json.loads(answer)


class Small:
    """One project with one function and one record: what the copies are made of."""

    def __init__(self, v):
        self.project = post(v, "/api/projects", {"name": "model"})["id"]
        self.function = post(v, "/api/functions", {"name": "model", "project_id": self.project,
                                                   "code": "def handler(event):\n    return {'hello': event.get('name')}\n"})["id"]
        v.call_once(self.function)
        v.request("GET", f"/api/functions/{self.function}/invocations")  # waits until the record is stored


def fill_functions(v, small):
    with Filled(v.data) as store:
        return store.functions(small.function, store.projects(small.project, 1000), 10)


def fill_calls(v, function, count):
    with Filled(v.data) as store:
        store.db.execute("UPDATE calls SET function_id = ?", (function,))
        store.calls(function, count)
        spread_statistics(store, function, count)


def spread_statistics(store, function, count):
    """Statistics as the writer would have made them: minutes of two days, hours of seven, in five classes each."""
    rows = [dict(r) for r in store.db.execute("SELECT * FROM call_stats")]
    store.db.execute("DELETE FROM call_stats")
    for step, periods in ((60, 2880), (3600, 168)):
        for model in (r for r in rows if r["step"] == step):
            share = max(count // periods // 5, 1)
            store.insert("call_stats", ({**model, "number": None, "function_id": function, "bucket": model["bucket"] + k,
                                         "at_s": model["at_s"] - n * step, "n": share, "us": share * 2000}
                                        for n in range(periods) for k in range(5)))


def gateway(report):
    """Direct calls and calls through a project with many routes, measured in turns."""
    with Server() as v, ExitStack():
        project = post(v, "/api/projects", {"name": "gateway"})
        function = post(v, "/api/functions", {"name": "warm", "project_id": project["id"],
                                              "code": "def handler(event):\n    return {'success': True}\n"})["id"]
        for n in range(ROUTES):
            post(v, f"/api/projects/{project['id']}/routes", {"function_id": function, "method": "POST", "path": f"/r{n}/:id/things"})
        v.call_once(function)
        direct, routed = [], []
        for _ in range(3 if report.quick else 7):
            for path, into in ((f"/api/invoke/{function}", direct), (f"/api/gateway/{project['slug']}/r{ROUTES // 2}/7/things", routed)):
                result = load(v.url(path), body=BODY, requests=4000 if report.quick else 10000, warm_up=500, expect=GOOD)
                into.append(faultless(result, path)["latency_us"]["p50"])
    report.show("direct call, p50", f"{median(direct)} us")
    report.check(f"gateway call, project with {ROUTES:,} routes, p50", f"{median(routed)} us",
                 "direct call + 15 us at most", median(routed) <= median(direct) + 15)


def start(report, v):
    times = []
    for _ in range(3 if report.quick else 5):
        v.again()
        times.append(v.ready_ms)
        server = memory_kb(v.process.pid, "VmRSS")
        v.halt()
    v.again()
    report.check("10,000 functions in 1,000 projects: ready after exec", f"p50 {median(times):.0f} ms, slowest {max(times):.0f} ms",
                 "<= 1000 ms", median(times) <= 1000)
    report.check("the same: server resident", f"{server / 1024:.1f} MB", "<= 60 MB", 0 < server <= 60 * 1024)


def pages(report, v):
    rates = []
    for _ in range(3):
        result = load(v.url("/api/functions?limit=100"), connections=16, seconds=2 if report.quick else 4, warm_up=200,
                      headers=[f"Authorization: Bearer {v.key}"])
        rates.append(faultless(result, "pages")["throughput"])
    report.check("a page of 100 of 10,000 functions, 16 connections", f"{median(rates):.0f}/s", ">= 8000/s", median(rates) >= 8000)


def records(report, v, function, count):
    base, auth = f"/api/functions/{function}", [f"Authorization: Bearer {v.key}"]
    for name, path, limit in ((f"50 newest of {count} records", f"{base}/invocations?limit=50", 5000),
                              (f"statistics over {count} records", f"{base}/stats", 50000)):
        result = faultless(load(v.url(path), requests=200, warm_up=5, headers=auth), name)
        p50, p99 = (result["latency_us"][p] for p in ("p50", "p99"))
        report.check(name, f"p50 {ms(p50)}, p99 {ms(p99)}", f"<= {limit // 1000} ms", p50 <= limit)
