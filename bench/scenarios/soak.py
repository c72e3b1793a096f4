"""Many calls over several functions: at the end the server holds what it held after the first
10,000."""

from measure import faultless, load, ms, wait_until
from server import BODY, GOOD, Server, cgroup_count, descriptors, memory_kb

FIRST = 10000
SLACK_KB = 2048  # and a tenth


def measure(report):
    total = 50000 if report.quick else 1000000
    with Server() as v:
        ids = v.create_many(4, concurrency=4)
        first = run(v, ids, FIRST)
        begin = holdings(v)
        result = run(v, ids, total - FIRST)
        allowed = begin["KB"] * 1.1 + SLACK_KB
        # Records still on their way to the store are not a leak: give them a moment to land.
        end = wait_until(lambda: settled(v, begin, allowed), 15, 0.2) or holdings(v)
    for which, what in (("first", first), ("further", result)):
        report.show(f"{which} {what['answers']} calls",
                    f"{what['throughput']:.0f}/s, p99 {ms(what['latency_us']['p99'])}")
    report.check("resident, server + spawner", f"{begin['KB'] / 1024:.1f} -> {end['KB'] / 1024:.1f} MB",
                 "within 10 % + 2 MB", end["KB"] <= allowed)
    for key in ("descriptors", "processes", "cgroups"):
        report.check(key, f"{begin[key]} -> {end[key]}", "no more than before", end[key] <= begin[key])


def run(server, ids, count):
    return faultless(load(server.url("/"), body=BODY, paths=server.invoke_paths(ids), requests=count,
                          connections=16, expect=GOOD), f"soak of {count}")


def holdings(server):
    parts = (server.process.pid, server.spawner())
    return {"KB": sum(memory_kb(p, "VmRSS") for p in parts),
            "descriptors": sum(descriptors(p) for p in parts),
            "processes": len(server.pids()), "cgroups": cgroup_count()}


def settled(server, begin, allowed):
    now = holdings(server)
    same = all(now[k] <= begin[k] for k in ("descriptors", "processes", "cgroups"))
    return now if same and now["KB"] <= allowed else None
