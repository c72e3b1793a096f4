"""Numbers: the load client, one-shot commands, percentiles, and the rows of the report."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
WORK = BUILD / "bench"  # everything the bench makes or installs
LOAD = WORK / "load"


class NotMeasured(Exception):
    """Why a figure could not be taken. Shown in the report; never counts as a pass."""


def percentile(values, p):
    """Nearest rank, as in load.c."""
    ordered = sorted(values)
    exact = p * len(ordered)
    rank = int(exact) + (exact - int(exact) > 1e-9)
    return ordered[max(rank, 1) - 1]


def median(values):
    return percentile(values, 0.5)


def load(url, *, body=None, connections=1, requests=None, seconds=None, rate=None, warm_up=0,
         timeout_ms=10000, headers=(), paths=None, expect=None, count=None):
    """Runs bench/load.c and returns its JSON. `paths` are requested in turn."""
    command = [str(LOAD), "-c", str(connections), "-t", str(timeout_ms), "-w", str(warm_up)]
    for option, value in (("-n", requests), ("-d", seconds), ("-r", rate), ("-b", body),
                          ("-e", expect), ("-k", count)):
        if value is not None:
            command += [option, str(value)]
    for header in headers:
        command += ["-H", header]
    with tempfile.NamedTemporaryFile("w", suffix=".paths") as file:
        if paths:
            file.write("\n".join(paths) + "\n")
            file.flush()
            command += ["-P", file.name]
        run = subprocess.run(command + [url], capture_output=True, text=True, timeout=900)
    if run.returncode != 0:
        raise NotMeasured(f"the load client ended with: {run.stderr.strip()}")
    return json.loads(run.stdout)


def faultless(result, what):
    """Figures of failing calls say nothing: every answer must be a 200 with what was expected."""
    bad = {k: result[k] for k in ("unexpected", "timeouts", "broken", "refused") if result[k]}
    bad.update({s: n for s, n in result["status"].items() if s != "200"})
    if bad or not result["answers"]:
        raise NotMeasured(f"{what}: calls failed: {bad or 'no answers'}")
    return result


def run_timed(argv, rounds, warm_up=1):
    """Milliseconds from posix_spawn until the program has ended, `rounds` times."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
    times = []
    try:
        for i in range(rounds + warm_up):
            start = time.perf_counter()
            pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            took = (time.perf_counter() - start) * 1e3
            if status != 0:
                raise NotMeasured(f"'{' '.join(argv[:3])} ...' ended with status {status}")
            if i >= warm_up:
                times.append(took)
    finally:
        os.close(null)
    return times


def wait_until(condition, seconds, step=0.01):
    """Polls with a deadline; the truth of the last look."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(step)


def tool_version(*argv):
    try:
        text = subprocess.run(argv, capture_output=True, text=True, timeout=10)
        return (text.stdout or text.stderr).strip().splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "not here"


@dataclass
class Row:
    """One line of the report. `passed` is None when nothing was required or nothing measured."""

    name: str
    value: str
    required: str = ""
    passed: bool | None = None
    not_measured: str = ""

    @property
    def verdict(self):
        if self.not_measured:
            return f"not measured: {self.not_measured}"
        return "" if self.passed is None else "pass" if self.passed else "**FAIL**"


@dataclass
class Report:
    """Collects rows and the raw figures that later scenarios compare with."""

    quick: bool
    sections: list = field(default_factory=list)
    figures: dict = field(default_factory=dict)

    def section(self, title, note=""):
        print(f"== {title}", flush=True)
        self.sections.append((title, note, []))

    def _add(self, row):
        self.sections[-1][2].append(row)
        print(f"   {row.name}: {row.value}  {row.required}  {row.verdict}", flush=True)

    def show(self, name, value, key=None, figure=None):
        """A figure without a requirement."""
        if key:
            self.figures[key] = figure
        self._add(Row(name, value))

    def check(self, name, value, required, passed):
        self._add(Row(name, value, required, bool(passed)))

    def missing(self, name, why, required=""):
        self._add(Row(name, "", required, None, str(why)))

    def ratio(self, name, numerator, denominator, required, holds, unit="x"):
        """Compares two figures by key; names the one that is missing."""
        lost = [k for k in (numerator, denominator) if self.figures.get(k) is None]
        if lost:
            self.missing(name, f"no figure for {', '.join(lost)}", required)
            return
        value = self.figures[numerator] / self.figures[denominator]
        self.check(name, f"{value:.2f} {unit}", required, holds(value))

    def rows(self):
        return [row for _, _, rows in self.sections for row in rows]

    @property
    def failed(self):
        return [r for r in self.rows() if r.passed is False]

    @property
    def unmeasured(self):
        return [r for r in self.rows() if r.not_measured]


def spread(times_ms):
    return f"p50 {median(times_ms):.1f} ms, p99 {percentile(times_ms, 0.99):.1f} ms"


def ms(us):
    return f"{us / 1000:.2f} ms"


def log(text):
    print(f"   {text}", file=sys.stderr, flush=True)
