"""make bench — measures virga and its peers in one run, side by side, with one client.

Usage: bench.py [--quick] [--only NAME[,NAME...]]
A full run writes bench/RESULTS.md; a quick or partial one build/bench/RESULTS.md. The status is 1
when a required figure was missed. What could not be measured is listed with the reason and is
never a pass."""

import argparse
import datetime
import importlib
import json
import os
import platform
import signal
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from measure import ROOT, WORK, NotMeasured, Report, tool_version  # noqa: E402
from peers import docker, fastapi, programs  # noqa: E402

# Name, title, measures. The footprint first: ended sandboxes keep the kernel busy for a while. Then the
# peers, since scenarios compare with them.
SECTIONS = [
    ("footprint", "Footprint", "scenarios.footprint"),
    ("peers", "Peers: one program start, isolated or not",
     [("bare python", programs.bare_python), ("bubblewrap", programs.bubblewrap),
      ("runc", programs.runc), ("docker", docker.measure)]),
    ("warm", "Warm calls", "scenarios.warm"),
    ("cold", "Cold calls", "scenarios.cold"),
    ("reuse", "A fresh copy for every call", "scenarios.reuse"),
    ("density", "Density", "scenarios.density"),
    ("packages", "Functions with packages", "scenarios.packages"),
    ("databases", "Databases", "scenarios.databases"),
    ("network", "Functions with network", "scenarios.network"),
    ("control", "The control plane", "scenarios.control"),
    ("overload", "Overload: ten times the capacity of a function", "scenarios.overload"),
    ("soak", "Soak", "scenarios.soak"),
]


def measures_of(name, what):
    if isinstance(what, str):
        return [(name, importlib.import_module(what).measure)]
    return what


def run(report, only):
    for name, title, what in SECTIONS:
        if only and name not in only:
            continue
        report.section(title)
        for part, measure in measures_of(name, what):
            try:
                measure(report)
            except NotMeasured as why:
                report.missing(part, why)
            except Exception as error:  # a broken scenario must not take the other figures with it
                traceback.print_exc()
                report.missing(part, f"{type(error).__name__}: {error}")


def machine():
    cpu = memory = "?"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal"):
            memory = f"{int(line.split()[1]) / 1024 ** 2:.0f} GB"
    distribution = platform.freedesktop_os_release().get("PRETTY_NAME", "?")
    return [("processor", f"{cpu}, {os.cpu_count()} cores"), ("memory", memory),
            ("system", f"{distribution}, Linux {platform.release()}"),
            ("virga", f"{(ROOT / 'VERSION').read_text().strip()}, "
                      f"commit {tool_version('git', '-C', str(ROOT), 'rev-parse', '--short', 'HEAD')}"),
            ("compiler", tool_version("gcc", "--version")),
            ("Python", tool_version("/usr/bin/python3", "--version")),
            ("Node", tool_version("/usr/bin/node", "--version")),
            ("FastAPI", fastapi.version()), ("Docker", docker.version()),
            *programs.versions().items()]


def markdown(report, load_before, seconds):
    lines = ["# Bench results", "",
             f"Written by `make bench{' QUICK=1' if report.quick else ''}` on "
             f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC in {seconds:.0f} s. "
             "Everything below was measured in this one run by the same client (`bench/load.c`) on the "
             "same machine. Medians of several rounds unless a line says otherwise.", ""]
    if load_before > 0.5:
        lines += [f"**The machine was busy with something else: load average {load_before:.1f} before "
                  "the start. Figures are worse than on a quiet machine.**", ""]
    lines += ["| | |", "|---|---|", *(f"| {k} | {v} |" for k, v in machine()), ""]
    required = [r for r in report.rows() if r.required]
    lines += [f"{sum(1 for r in required if r.passed)} of {len(required)} required figures met, "
              f"{len(report.failed)} missed, {len(report.unmeasured)} figures not measured.", ""]
    for title, note, rows in report.sections:
        lines += [f"## {title}", "", *([note, ""] if note else []),
                  "| measure | value | required | verdict |", "|---|---|---|---|"]
        lines += [f"| {r.name} | {r.value} | {r.required} | {r.verdict} |".replace("\n", " ")
                  for r in rows]
        lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help=",".join(name for name, _, _ in SECTIONS))
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    if only - {name for name, _, _ in SECTIONS}:
        parser.error(f"--only knows {', '.join(name for name, _, _ in SECTIONS)}")
    # An interrupted bench must still stop what it started: leave by an exception.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    WORK.mkdir(parents=True, exist_ok=True)
    report, load_before, started = Report(options.quick), os.getloadavg()[0], time.monotonic()
    run(report, only)
    text = markdown(report, load_before, time.monotonic() - started)
    target = (WORK if only or options.quick else ROOT / "bench") / "RESULTS.md"
    target.write_text(text)
    (WORK / "figures.json").write_text(json.dumps(report.figures, indent=2) + "\n")
    print(f"\n{len(report.failed)} missed, {len(report.unmeasured)} not measured; "
          f"see {target.relative_to(ROOT)}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
