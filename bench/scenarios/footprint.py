"""What an idle server costs, how soon it answers, how large the program is."""

import shutil
import subprocess

from measure import WORK, NotMeasured, median
from server import VIRGA, Server, memory_kb, wait_for_blanks


def measure(report):
    times = []
    for _ in range(3 if report.quick else 7):
        with Server() as v:
            times.append(v.ready_ms)
    report.check("ready after exec", f"p50 {median(times):.0f} ms, slowest {max(times):.0f} ms",
                 "<= 150 ms", median(times) <= 150)
    with Server() as v:
        wait_for_blanks(v, 4)
        server, spawner = (memory_kb(pid, "VmRSS") for pid in (v.process.pid, v.spawner()))
    report.check("resident, idle: server + spawner",
                 f"{server / 1024:.1f} + {spawner / 1024:.1f} MB", "<= 20 MB together",
                 0 < server + spawner <= 20 * 1024)
    report.check("stripped program", f"{stripped_size() / 1e6:.2f} MB", "<= 5 MB",
                 stripped_size() <= 5e6)


def stripped_size():
    copy = WORK / "virga.stripped"
    shutil.copy(VIRGA, copy)
    try:
        if subprocess.run(["strip", str(copy)]).returncode != 0:
            raise NotMeasured("strip failed")
        return copy.stat().st_size
    finally:
        copy.unlink()
