"""A database per project: made, asked, and asked by a thousand slots at once."""

import json
import threading
import time

from measure import NotMeasured, faultless, load, median, ms
from server import BODY, GOOD, Server

CODE = """import os
import time
import psycopg2

connection = None

def handler(event):
    global connection
    if connection is None:
        connection = psycopg2.connect(os.environ["DATABASE_URL"])
        connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return {"hello": event.get("name"), "one": cursor.fetchone()[0]}

def hold(event):
    answer = handler(event)
    time.sleep(20)
    return answer
"""
SERVERS_MAX = 20


def measure(report):
    count = 200 if report.quick else 1000
    with Server("--blanks", "1", "--slots-max", str(count + 50), "--idle", "600") as v:
        project = send(v, "POST", "/api/projects", {"name": "bench"})["id"]
        provision(report, v, project)
        send(v, "PUT", f"/api/projects/{project}/requirements", {"requirements_txt": "psycopg2-binary\n"})
        warm(report, v, project)
        crowd(report, v, project, count)


def send(v, method, path, body=None):
    status, answer = v.request(method, path, body)
    if status != 200:
        raise NotMeasured(f"{method} {path} answered {status}: {answer[-300:]!r}")
    return json.loads(answer)


def provision(report, v, project):
    started = time.perf_counter()
    send(v, "POST", f"/api/projects/{project}/database/provision")
    report.show("the first database, its cluster made and started", f"{time.perf_counter() - started:.2f} s")
    times = []
    for n in range(5):
        another = send(v, "POST", "/api/projects", {"name": f"another {n}"})["id"]
        started = time.perf_counter()
        send(v, "POST", f"/api/projects/{another}/database/provision")
        times.append((time.perf_counter() - started) * 1e3)
    report.show("another database", f"p50 {median(times):.0f} ms")


def create(v, project, name, handler, **settings):
    asked = {"name": name, "runtime": "python", "code": CODE, "project_id": project, "handler": handler, **settings}
    return send(v, "POST", "/api/functions", asked)["id"]


def warm(report, v, project):
    fn = create(v, project, "one", "main.handler")
    v.call_once(fn)
    result = faultless(load(v.url(f"/api/invoke/{fn}"), body=BODY, seconds=1 if report.quick else 3, expect=GOOD), "warm calls")
    at = result["latency_us"]
    report.show("warm call that asks the database, one connection", f"p50 {ms(at['p50'])}, p99 {ms(at['p99'])}")


def crowd(report, v, project, count):
    """Every call holds a slot and a connection of its own for some seconds."""
    fn = create(v, project, "crowd", "main.hold", concurrency=count, queue=count, limits={"timeout_ms": 120000})
    seen = {"clients": 0, "servers": 0}
    over = threading.Event()

    def look():
        while not over.wait(0.2):
            now = send(v, "GET", f"/api/projects/{project}/database")
            seen["clients"] = max(seen["clients"], now["connections"] or 0)
            seen["servers"] = max(seen["servers"], now["server_connections"] or 0)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        faultless(load(v.url(f"/api/invoke/{fn}"), body=BODY, requests=count, connections=count, timeout_ms=120000,
                       expect=GOOD), f"{count} slots at once")
    finally:
        over.set()
        watcher.join()
    good = seen["clients"] >= count and 0 < seen["servers"] <= SERVERS_MAX
    report.check(f"{count} slots at once, each with a connection", f"{seen['clients']} on {seen['servers']} to PostgreSQL",
                 f"<= {SERVERS_MAX}", good)
