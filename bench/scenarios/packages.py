"""Functions with numpy and pandas: cold calls beside the bare import, and what a hundred of them hold."""

import json
import os
import time

from measure import NotMeasured, faultless, load, median, ms, percentile, run_timed, wait_until
from server import BODY, COLD, GOOD, Server, memory_kb, metric

REQUIREMENTS = "numpy\npandas\n"
CODE = """import numpy
import pandas

def handler(event):
    return {"hello": event.get("name"), "sum": int(pandas.Series(numpy.arange(4)).sum())}
"""
# As much CPU as the bare import has; the default of half a core would double it.
LIMITS = {"cpu": 2, "memory_mb": 512}
FIRST_CALLS = 5
SLOTS = 100


def measure(report):
    with Server("--blanks", "1", "--slots-max", str(2 * SLOTS + 100), "--idle", "600") as v:
        layer = install(report, v)
        bare_import(report, layer)
        first_calls(report, v)
        project = project_with(v, "ready")
        make_ready(v, project)
        cold_calls(report, v, project)
        saved_again(report, v, project)
        shared(report, v)


def send(v, method, path, body=None):
    status, answer = v.request(method, path, body)
    if status not in (200, 202):
        raise NotMeasured(f"{method} {path} answered {status}: {answer[-300:]!r}")
    return json.loads(answer)


def install(report, v):
    """Waits without holding a connection: a build takes longer than a request may here."""
    project = send(v, "POST", "/api/projects", {"name": "first"})["id"]
    started = time.perf_counter()
    build = send(v, "POST", f"/api/projects/{project}/builds", {"requirements_txt": REQUIREMENTS})
    at = f"/api/projects/{project}/builds/{build['id']}"
    ended = wait_until(lambda: finished(send(v, "GET", at)), 300, 0.2)
    if not ended or ended["status"] != "succeeded":
        raise NotMeasured(f"numpy and pandas cannot be installed here: {ended and ended['error']}")
    layer = send(v, "GET", f"/api/projects/{project}/requirements")["python"]
    report.show("numpy and pandas installed in a sandbox, from the index",
                f"{time.perf_counter() - started:.1f} s, {layer['bytes'] / 1e6:.0f} MB, {layer['files']} files")
    return v.data / "layers" / layer["id"] / "python"


def finished(build):
    return build if build["status"] not in ("queued", "running") else None


def bare_import(report, layer):
    os.environ["PYTHONPATH"] = str(layer)
    try:
        times = run_timed(["/usr/bin/python3", "-c", "import numpy, pandas"], 10, warm_up=2)
    finally:
        del os.environ["PYTHONPATH"]
    report.show("python3 -c 'import numpy, pandas'", f"p50 {median(times):.0f} ms", "bare import us", median(times) * 1e3)


def project_with(v, name):
    project = send(v, "POST", "/api/projects", {"name": name})["id"]
    send(v, "PUT", f"/api/projects/{project}/requirements", {"requirements_txt": REQUIREMENTS})
    return project


def create(v, project, name, **settings):
    asked = {"name": name, "runtime": "python", "code": CODE, "project_id": project, "limits": LIMITS, **settings}
    return send(v, "POST", "/api/functions", asked)["id"]


def first_calls(report, v):
    """Each in a project of its own, which has no template yet."""
    times = []
    for n in range(FIRST_CALLS):
        fn = create(v, project_with(v, f"new {n}"), "f")
        times.append(v.call_once(fn)["duration_us"])
    report.figures["first call us"] = median(times)
    report.show("the first call ever, no template", f"p50 {ms(median(times))}")
    report.ratio("the first call ever / bare import", "first call us", "bare import us", "<= 1.3 x", lambda r: r <= 1.3)


def make_ready(v, project):
    """The template that has learned what to import takes over beside the calls."""
    v.call_once(create(v, project, "teacher"))
    learned = wait_until(lambda: v.call_once(create(v, project, f"pupil-{time.monotonic_ns()}"))["duration_us"] < 100e3, 30, 0.2)
    if not learned:
        raise NotMeasured("no template with the packages after 30 s")


def cold_calls(report, v, project):
    count = 30 if report.quick else 100
    ids = [create(v, project, f"cold-{i}") for i in range(count)]
    result = faultless(load(v.url("/"), body=BODY, paths=v.invoke_paths(ids), requests=count, connections=4, rate=10,
                            expect=GOOD, count=COLD), "cold calls with packages")
    if result["counted"] != count:
        raise NotMeasured(f"only {result['counted']} of {count} calls were cold")
    at = result["latency_us"]
    report.figures["cold packages us"] = at["p50"]
    report.check("cold call, template ready, 10 a second", f"p50 {ms(at['p50'])}, p99 {ms(at['p99'])}", "p50 <= 15 ms",
                 at["p50"] <= 15000)
    report.ratio("bare import / cold call", "bare import us", "cold packages us", ">= 20 x", lambda r: r >= 20)


def saved_again(report, v, project):
    times = []
    for _ in range(20):
        started = time.perf_counter()
        send(v, "PUT", f"/api/projects/{project}/requirements", {"requirements_txt": REQUIREMENTS})
        times.append((time.perf_counter() - started) * 1e3)
    report.check("unchanged requirements saved again", f"p50 {median(times):.1f} ms, slowest {max(times):.1f} ms", "<= 20 ms",
                 percentile(times, 0.9) <= 20)


def shared(report, v):
    """One function, as many slots as calls at the same time: each call holds its slot for a moment. Of all processes
    that came with its project (templates and those that have taught them, too) the largest count."""
    before = set(v.pids())
    project = project_with(v, "many")
    make_ready(v, project)
    code = CODE + "\nimport time\ndef hold(event):\n    time.sleep(3)\n    return handler(event)\n"
    fn = create(v, project, "many", code=code, handler="main.hold", concurrency=SLOTS, queue=SLOTS)
    faultless(load(v.url("/"), body=BODY, paths=v.invoke_paths([fn]), requests=SLOTS, connections=SLOTS, timeout_ms=60000,
                   expect=GOOD), "a hundred slots")
    idle = metric(v, 'virga_slots{state="idle"}') or 0
    sizes = sorted(size for size in (memory_kb(p, "Pss", "smaps_rollup") for p in set(v.pids()) - before) if size)
    if len(sizes) < SLOTS or idle < SLOTS:
        raise NotMeasured(f"{len(sizes)} processes, {idle:.0f} idle slots; {SLOTS} expected")
    sizes = sizes[-SLOTS:]
    each = sum(sizes) / SLOTS / 1024
    report.check(f"{SLOTS} warm slots with numpy and pandas, PSS each", f"{each:.1f} MB ({sum(sizes) / 1024:.0f} MB in all)",
                 "<= 25 MB", each <= 25)
