"""The control plane: the gateway beside direct calls, lists, a full store, many records."""

import json
import time

from filled import Filled
from measure import NotMeasured, faultless, load, median, ms
from server import BODY, GOOD, Server, memory_kb

ROUTES = 1000
DAYS = 7  # that records are spread over


def measure(report):
    gateway(report)
    with Server() as v:
        small = Small(v)
        v.halt()
        functions = fill_functions(v, small)
        start(report, v, functions)
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
        store.calls(function, count, DAYS)
        spread_statistics(store, function, count)


def spread_statistics(store, function, count):
    """Statistics as the writer would have made them of records spread evenly over DAYS, in ten classes of durations."""
    model = next(dict(r) for r in store.db.execute("SELECT * FROM call_stats"))
    store.db.execute("DELETE FROM call_stats")
    now = int(time.time())
    for step, days in ((0, DAYS), (60, 2), (300, DAYS), (3600, DAYS), (86400, DAYS)):
        periods = days * 86400 // step if step else 1
        classes = 10 if step else 1
        share = max(round(count * days / DAYS / periods / classes), 1)
        store.insert("call_stats", ({**model, "number": None, "function_id": function, "step": step, "status": "success",
                                     "bucket": 60 + k if step else 0, "at_s": (now // step - n) * step if step else 0,
                                     "n": share, "cold": 0, "us": share * 2000}
                                    for n in range(periods) for k in range(classes)))


def gateway(report):
    """Direct calls and calls through a project with many routes, measured in turns."""
    with Server() as v:
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


def start(report, v, functions):
    """Ready: /api/health answers, and a call of whichever function is found."""
    times = []
    for _ in range(3 if report.quick else 5):
        v.again()
        times.append(v.ready_ms)
        v.call_once(functions[len(times) * 997])
        server = memory_kb(v.process.pid, "VmRSS")
        v.halt()
    v.again()
    report.check("10,000 functions in 1,000 projects: ready after exec", f"p50 {median(times):.0f} ms, slowest {max(times):.0f} ms",
                 "<= 1000 ms", median(times) <= 1000)
    report.check("the same: server resident", f"{server / 1024:.1f} MB", "<= 60 MB", 0 < server <= 60 * 1024)


def pages(report, v):
    """Different pages in turn, so that it is not one answer that is measured; each was asked for before. And what the first to
    ask after a change waits for."""
    auth = [f"Authorization: Bearer {v.key}"]
    ids = [f["id"] for f in json.loads(v.request("GET", "/api/functions?limit=1000")[1])]
    paths = [f"/api/functions?limit=100&before={i}" for i in ids[:900]]
    anew = faultless(load(v.url(), requests=300, headers=auth, paths=paths[1::3]), "pages")["latency_us"]
    rates = []
    for _ in range(3):
        result = load(v.url(), connections=16, seconds=2 if report.quick else 4, warm_up=200, headers=auth, paths=paths[::9])
        rates.append(faultless(result, "pages")["throughput"])
    report.check("100 pages of 100 of 10,000 functions in turn, 16 connections", f"{median(rates):.0f}/s", ">= 8000/s",
                 median(rates) >= 8000)
    report.show("the first who asks for such a page after a change", f"p50 {ms(anew['p50'])}, p99 {ms(anew['p99'])}")


def holds_all(v, path, count):
    """Statistics of nothing are quick: what is measured must be about all of the records."""
    answer = json.loads(v.request("GET", path)[1])
    seen = answer["total"]["calls"]
    if not 0.9 * count <= seen <= 1.1 * count:
        raise NotMeasured(f"{path} speaks of {seen} calls instead of {count}")


def records(report, v, function, count):
    base, auth = f"/api/functions/{function}", [f"Authorization: Bearer {v.key}"]
    n = int(count.replace(",", ""))
    week = f"{base}/stats?from=" + time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - DAYS * 86400 + 3600))
    listed = len(json.loads(v.request("GET", f"{base}/invocations?limit=50")[1]))
    if listed != 50:
        raise NotMeasured(f"the list has {listed} records")
    holds_all(v, f"{base}/stats", n // DAYS)
    holds_all(v, week, n)
    for name, path, limit in ((f"50 newest of {count} records", f"{base}/invocations?limit=50", 5000),
                              (f"statistics over {count} records, {DAYS} days by the hour", week, 50000),
                              ("statistics over the last of these days, in steps of 5 minutes", f"{base}/stats", 50000)):
        result = faultless(load(v.url(path), requests=200, warm_up=5, headers=auth), name)
        p50, p99 = (result["latency_us"][p] for p in ("p50", "p99"))
        report.check(name, f"p50 {ms(p50)}, p99 {ms(p99)}", f"<= {limit // 1000} ms", p50 <= limit)
