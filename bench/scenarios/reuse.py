"""`reuse: never`: a fresh copy for every call."""

from measure import faultless, load, ms
from server import BODY, GOOD, Server, wait_for_blanks


def measure(report):
    with Server("--blanks", "8") as v:
        function = v.create("fresh", reuse="never", concurrency=16)
        wait_for_blanks(v, 8)
        url = v.url(f"/api/invoke/{function}")
        v.call_once(function)
        alone = faultless(load(url, body=BODY, requests=300 if report.quick else 1000, expect=GOOD),
                          "reuse never, one connection")["latency_us"]
        many = faultless(load(url, body=BODY, connections=8, seconds=3 if report.quick else 10,
                              expect=GOOD), "reuse never, 8 connections")
    report.check("reuse never, one connection", f"p50 {ms(alone['p50'])}, p99 {ms(alone['p99'])}",
                 "p50 <= 5 ms", alone["p50"] <= 5000)
    report.check("reuse never, 8 connections", f"{many['throughput']:.0f}/s", ">= 300/s",
                 many["throughput"] >= 300)
