"""Cold calls: each goes to a function that was never called before."""

from measure import NotMeasured, faultless, load, ms
from server import BODY, COLD, GOOD, Server, wait_for_blanks

BLANKS = 4
# Calls a second: blanks have the time between two calls to be made anew. Node.js cannot be copied: a blank
# one starts for 0.1 to 0.2 s of CPU time, which its slot's limit of half a core stretches.
RATES = {"python": 50, "node": 2}
NODE_CALLS = 40


def measure(report):
    count = 100 if report.quick else 300
    python_with_blanks(report, count)
    on_demand(report, "python", count)
    all_at_once(report)
    node(report)
    ratios(report)


def cold_calls(server, ids, **how):
    result = faultless(load(server.url("/"), body=BODY, paths=server.invoke_paths(ids),
                            requests=len(ids), expect=GOOD, count=COLD, **how), "cold calls")
    if result["counted"] != len(ids):
        raise NotMeasured(f"only {result['counted']} of {len(ids)} calls were cold")
    return result["latency_us"]


def with_blanks(runtime, count):
    with Server("--blanks", str(BLANKS)) as v:
        ids = v.create_many(count, runtime)
        wait_for_blanks(v, BLANKS)
        return cold_calls(v, ids, connections=8, rate=RATES[runtime])


def text(latency):
    return f"p50 {ms(latency['p50'])}, p99 {ms(latency['p99'])}"


def python_with_blanks(report, count):
    required = "p50 <= 2 ms, p99 <= 10 ms"
    name = f"cold Python, {BLANKS} blanks, {RATES['python']} a second"
    try:
        latency = with_blanks("python", count)
        report.figures["cold us"] = latency["p50"]
        report.check(name, text(latency), required, latency["p50"] <= 2000 and latency["p99"] <= 10000)
    except NotMeasured as why:
        report.missing(name, why, required)


def on_demand(report, runtime, count):
    rate = RATES[runtime]
    name, required = f"cold {runtime}, no blanks, {rate} a second", "p50 <= 4 ms"
    try:
        with Server("--blanks", "0") as v:
            v.call_once(v.create("first", runtime))  # the template is up
            latency = cold_calls(v, v.create_many(count, runtime), connections=8, rate=rate)
            hurried = cold_calls(v, v.create_many(count, runtime, prefix="hurried"))
        report.figures["cold on demand us"] = latency["p50"]
        report.check(name, text(latency), required, latency["p50"] <= 4000)
        report.show("the same, each as soon as the one before is answered", text(hurried))
    except NotMeasured as why:
        report.missing(name, why, required)


def all_at_once(report):
    name, required = "100 different functions at once, no blanks", "all within 1 s"
    try:
        with Server("--blanks", "0") as v:
            v.call_once(v.create("first"))
            latency = cold_calls(v, v.create_many(100), connections=100)
        report.check(name, f"slowest {ms(latency['max'])}, p50 {ms(latency['p50'])}", required,
                     latency["max"] <= 1e6)
    except NotMeasured as why:
        report.missing(name, why, required)


def node(report):
    name, required = f"cold Node, {BLANKS} blanks, {RATES['node']} a second", "p50 <= 8 ms"
    try:
        latency = with_blanks("node", NODE_CALLS)
        report.check(name, text(latency), required, latency["p50"] <= 8000)
    except NotMeasured as why:
        report.missing(name, why, required)


def ratios(report):
    report.ratio("cold Python / bare python3", "cold us", "bare python us", "<= 0.25 x",
                 lambda r: r <= 0.25)
    report.ratio("docker run / cold Python", "docker run us", "cold us", ">= 60 x", lambda r: r >= 60)
    report.ratio("docker run / cold Python without blanks", "docker run us", "cold on demand us",
                 ">= 60 x", lambda r: r >= 60)
    report.ratio("docker exec / warm call", "docker exec us", "warm us", ">= 300 x",
                 lambda r: r >= 300)
    for peer in ("runc us", "bubblewrap us"):
        if report.figures.get(peer) and report.figures.get("cold us"):
            report.show(f"{peer[:-3]} / cold Python",
                        f"{report.figures[peer] / report.figures['cold us']:.1f} x")
