"""Functions with network beside those without, and how quickly they download."""

import sys
import tempfile
from pathlib import Path

from measure import ROOT, NotMeasured, faultless, load, median, ms
from server import BODY, GOOD, Server, wait_for_blanks
from scenarios.cold import cold_calls, text

sys.path.insert(0, str(ROOT / "tests" / "api"))

RATE = 50  # calls a second, as for other cold calls
DOWNLOAD = """import time, urllib.request

def handler(event):
    started, count = time.perf_counter(), 0
    with urllib.request.urlopen(event) as reply:
        while data := reply.read(1 << 18):
            count += len(data)
    return [count, time.perf_counter() - started]
"""
BYTES = 100_000_000


def measure(report):
    calls(report, 50 if report.quick else 100)
    download(report)


def calls(report, count):
    figures = {}
    with Server("--blanks", "4") as v:
        for network in False, True:
            name = "with" if network else "without"
            ids = v.create_many(count, prefix=name, network_enabled=network)
            wait_for_blanks(v, 4)
            cold = cold_calls(v, ids, connections=8, rate=RATE)
            warm = faultless(load(v.url(f"/api/invoke/{ids[0]}"), body=BODY, requests=2000, warm_up=100, expect=GOOD), "warm calls")
            figures[network] = cold["p50"], warm["latency_us"]["p50"]
            report.show(f"cold Python {name} network, 4 blanks, {RATE} a second", text(cold))
            report.show(f"warm Python {name} network", f"p50 {ms(figures[network][1])}")
    for kind, without, having in zip(("cold", "warm"), figures[False], figures[True]):
        report.show(f"{kind}: with / without network", f"{having / without:.2f} x")


def download(report):
    """From a listener in a network namespace, over a pair of veth interfaces."""
    import networld
    if networld.missing():
        raise NotMeasured(networld.missing())
    with tempfile.TemporaryDirectory() as directory:
        parts = [Path(directory, name) for name in ("world", "server")]
        for part in parts:
            part.mkdir()
        with networld.World(parts[0]) as world, networld.Hosted(world, parts[1]) as server:
            function = server.create(DOWNLOAD, network_enabled=True, limits={"cpu": 2})
            speeds = [speed(server.call(function, f"http://{networld.API}/bytes/{BYTES}")) for _ in range(3)]
    report.show(f"download of {BYTES / 1e6:.0f} MB, up to two cores", f"{median(speeds):.0f} MB/s")


def speed(result):
    if result["status"] != "success" or result["output"][0] != BYTES:
        raise NotMeasured(f"a download ended so: {result}")
    return BYTES / 1e6 / result["output"][1]
