"""A small Debian root with python3, for the container peers. Made once with debootstrap."""

import os
import shutil
import subprocess

from measure import WORK, NotMeasured

ROOT_DIR = WORK / "root"


def make():
    if ROOT_DIR.exists():
        return ROOT_DIR
    if os.getuid() != 0:
        raise NotMeasured("making a root file system needs root")
    if not shutil.which("debootstrap"):
        raise NotMeasured("debootstrap is not installed")
    part = ROOT_DIR.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    done = subprocess.run(["debootstrap", "--variant=minbase", "--include=python3-minimal",
                           "bookworm", str(part), "http://deb.debian.org/debian"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise NotMeasured(f"debootstrap failed: {done.stdout.strip()[-200:]}")
    part.rename(ROOT_DIR)
    return ROOT_DIR
