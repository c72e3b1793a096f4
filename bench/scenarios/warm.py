"""Warm calls beside FastAPI: both run at the same time and are measured in turns, so that what
else the machine does hits both."""

from measure import NotMeasured, faultless, load, median, ms
from peers.fastapi import FastAPI
from server import BODY, GOOD, Server

LATENCY = "warm call, 1 connection"
THROUGHPUT = "warm calls, 64 connections"


def measure(report):
    rounds = 3 if report.quick else 5
    virga, peer = [], []
    with Server() as v:
        url = v.url(f"/api/invoke/{v.create('warm', concurrency=4)}")
        v.call_once(url.rsplit("/", 1)[1])
        try:
            with FastAPI(workers=1) as p:
                for _ in range(rounds):
                    virga.append(one_connection(url, report))
                    peer.append(one_connection(p.url, report))
        except NotMeasured as why:
            report.missing("FastAPI, 1 connection", why)
            virga = virga or [one_connection(url, report) for _ in range(rounds)]
        latency_rows(report, virga, peer)

        virga, peer = [], []
        try:
            with FastAPI(workers=2) as p:
                for _ in range(rounds):
                    virga.append(many_connections(url, report))
                    peer.append(many_connections(p.url, report))
        except NotMeasured as why:
            report.missing("FastAPI, 2 workers, 64 connections", why)
            virga = virga or [many_connections(url, report) for _ in range(rounds)]
        throughput_rows(report, virga, peer)


def one_connection(url, report):
    return faultless(load(url, body=BODY, requests=5000 if report.quick else 20000, warm_up=1000,
                          expect=GOOD), "one connection")


def many_connections(url, report):
    return faultless(load(url, body=BODY, connections=64, seconds=2 if report.quick else 5,
                          warm_up=2000, expect=GOOD), "64 connections")


def p50_p99(results):
    return tuple(median([r["latency_us"][p] for r in results]) for p in ("p50", "p99"))


def latency_rows(report, virga, peer):
    p50, p99 = p50_p99(virga)
    report.figures["warm us"] = p50
    report.check("virga p50", f"{p50} us (p99 {p99} us)", "p50 <= 100 us", p50 <= 100)
    if peer:
        p50, p99 = p50_p99(peer)
        report.show("FastAPI, 1 worker, p50", f"{p50} us (p99 {p99} us)", "fastapi us", p50)
    report.ratio("virga p50 / FastAPI p50", "warm us", "fastapi us", "<= 0.6 x", lambda r: r <= 0.6)


def throughput_rows(report, virga, peer):
    for name, key, results in (("virga", "warm per second", virga),
                               ("FastAPI, 2 workers", "fastapi per second", peer)):
        if results:
            rate = median([r["throughput"] for r in results])
            p50, p99 = p50_p99(results)
            report.show(f"{name}, 64 connections", f"{rate:.0f}/s (p50 {ms(p50)}, p99 {ms(p99)})",
                        key, rate)
    report.ratio("virga / FastAPI throughput", "warm per second", "fastapi per second", ">= 2.5 x",
                 lambda r: r >= 2.5)
