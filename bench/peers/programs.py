"""Peers that are a command: runc, bubblewrap, and Python with no isolation."""

import json
import os
import shutil
import subprocess

from measure import WORK, NotMeasured, median, run_timed, spread, tool_version
from peers import root

PYTHON = ["/usr/bin/python3", "-I", "-S", "-c", "pass"]


def bare_python(report):
    times = run_timed(PYTHON, 30 if report.quick else 100)
    report.show("bare python3 -I -S -c pass, no isolation", spread(times), "bare python us",
                median(times) * 1e3)


def bubblewrap(report):
    if not shutil.which("bwrap"):
        raise NotMeasured("bubblewrap is not installed")
    times = run_timed(["bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL",
                       "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib",
                       "--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin",
                       "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", *PYTHON],
                      20 if report.quick else 60)
    report.show("bubblewrap + python3 (no cgroup, no seccomp)", spread(times), "bubblewrap us",
                median(times) * 1e3)


def runc(report):
    if not shutil.which("runc"):
        raise NotMeasured("runc is not installed")
    if os.getuid() != 0:
        raise NotMeasured("runc is measured as root")
    bundle = WORK / "runc"
    shutil.rmtree(bundle, ignore_errors=True)
    bundle.mkdir(parents=True)
    subprocess.run(["runc", "spec", "--bundle", str(bundle)], check=True)
    config = json.loads((bundle / "config.json").read_text())
    config["process"].update(terminal=False, args=PYTHON)
    config["root"] = {"path": str(root.make()), "readonly": True}
    (bundle / "config.json").write_text(json.dumps(config))
    times = run_timed(["runc", "--root", str(bundle / "state"), "run", "--bundle", str(bundle),
                       f"virga-bench-{os.getpid()}"], 10 if report.quick else 30)
    report.show("runc run + python3", spread(times), "runc us", median(times) * 1e3)



def versions():
    return {"runc": tool_version("runc", "--version"), "bubblewrap": tool_version("bwrap", "--version")}
