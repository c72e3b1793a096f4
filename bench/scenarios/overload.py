"""Ten times what a function can take. Its capacity is set by its concurrency (4 slots that take
10 ms each), so that the client can offer the tenfold on the same machine."""

from measure import NotMeasured, faultless, load, ms
from server import BODY, GOOD, Server

CONCURRENCY, QUEUE = 4, 32
CODE = "import time\n\n\ndef handler(event):\n    time.sleep(0.01)\n    return 1\n"


def measure(report):
    seconds = 4 if report.quick else 10
    with Server() as v:
        function = v.create("slow", code=CODE, concurrency=CONCURRENCY, queue=QUEUE)
        url = v.url(f"/api/invoke/{function}")
        v.call_once(function)
        peak = faultless(load(url, body=BODY, connections=CONCURRENCY + QUEUE, seconds=seconds,
                              warm_up=50, expect=GOOD), "at the peak")
        over = load(url, body=BODY, connections=512, seconds=seconds,
                    rate=10 * peak["throughput"], expect=GOOD)
        v.call_once(function)
    report.show("peak goodput", f"{peak['throughput']:.0f}/s (p99 {ms(peak['latency_us']['p99'])})")
    strange = {s: n for s, n in over["status"].items() if s not in ("200", "429")}
    faults = {k: over[k] for k in ("unexpected", "timeouts", "broken", "refused") if over[k]}
    offered = over["requests"] / over["seconds"]
    if offered < 8 * peak["throughput"]:
        raise NotMeasured(f"the client offered {offered:.0f}/s, not ten times the peak")
    goodput = over["status"].get("200", 0) / over["seconds"]
    report.check(f"goodput at {offered:.0f}/s offered",
                 f"{goodput:.0f}/s ({goodput / peak['throughput']:.0%} of the peak)",
                 ">= 90 % of the peak", goodput >= 0.9 * peak["throughput"])
    report.check("all others", f"{over['status'].get('429', 0)} x 429, else {strange or faults or 'none'}",
                 "429 only", not strange and not faults)
    admitted, limit = over["latency_us"]["p99"], 2 * peak["latency_us"]["p99"]
    report.check("admitted calls, p99", f"{ms(admitted)} (p50 {ms(over['latency_us']['p50'])})",
                 f"<= 2 x the p99 at the peak ({ms(limit)})", 0 < admitted <= limit)
    report.show("a refusal, p50", ms(over["other_us"]["p50"]))
