"""Warm calls beside FastAPI: both run at the same time and are measured in turns, so that what
else the machine does hits both."""

from contextlib import ExitStack

from measure import NotMeasured, faultless, load, median, ms
from peers.fastapi import FastAPI
from server import BODY, GOOD, Server


def measure(report):
    rounds = 3 if report.quick else 5
    latency_rows(report, *in_turns(report, one_connection, rounds, 1))
    throughput_rows(report, *in_turns(report, many_connections, rounds, 2))


def in_turns(report, measure_one, rounds, workers):
    """Results of virga and of FastAPI; empty lists (and a row with the reason) for what is not here."""
    results = [], []
    with ExitStack() as stack:
        urls = []
        for name, start in (("virga", start_virga), ("FastAPI", start_fastapi)):
            try:
                urls.append(start(stack, workers))
            except NotMeasured as why:
                report.missing(f"{name}, {measure_one.__doc__}", why)
                urls.append(None)
        for _ in range(rounds):
            for url, into in zip(urls, results):
                if url:
                    into.append(measure_one(url, report))
    return results


def start_virga(stack, _workers):
    server = stack.enter_context(Server())
    function = server.create("warm", concurrency=4)
    server.call_once(function)
    return server.url(f"/api/invoke/{function}")


def start_fastapi(stack, workers):
    return stack.enter_context(FastAPI(workers)).url


def one_connection(url, report):
    """1 connection"""
    return faultless(load(url, body=BODY, requests=5000 if report.quick else 20000, warm_up=1000,
                          expect=GOOD), "one connection")


def many_connections(url, report):
    """64 connections"""
    return faultless(load(url, body=BODY, connections=64, seconds=2 if report.quick else 5,
                          warm_up=2000, expect=GOOD), "64 connections")


def p50_p99(results):
    return tuple(median([r["latency_us"][p] for r in results]) for p in ("p50", "p99"))


def latency_rows(report, virga, peer):
    if virga:
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
