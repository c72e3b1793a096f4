"""Attacks from inside a slot. Each row is one program of this folder (its head comment says what it does and what must
refuse it). It runs with all defences, where it must be refused; and, where that is harmless and one named step of
slot.c stands alone against it, once more without that step, where it must succeed: only so do we know that it can see.

`+victim` runs it beside another slot, `-victim` in the place of one that has just ended.
"""

import os
import subprocess
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("VIRGA_TESTING", ROOT / "build/testing"))
DEADLINE_S = 110

FILTER = "syscall filter"

# attack: the steps whose absence must let it through, or why there is no second run
ATTACKS = {
    "host_files_read": (None, "the root is the template's, no step of the slot"),
    "host_files_write": (None, "read-only mounts are the template's"),
    "proc_write": (None, "ids and a read-only /proc/sys each suffice; harmful"),
    "kernel_memory": ("masked proc", None),
    "proc_keys": ("masked proc", None),
    "mount": (FILTER, None),
    "unshare": (FILTER, None),
    "clone_namespaces": (FILTER, None),
    "clone3_namespaces": (FILTER, None),
    "setns": (None, "needs capabilities as well"),
    "ptrace": (FILTER, None),
    "process_vm": (FILTER, None),
    "bpf": (None, "hosts refuse it to ordinary users as well"),
    "perf": (FILTER, None),
    "keyctl": (FILTER, None),
    "userfaultfd": (FILTER, None),
    "io_uring": (FILTER, None),
    "socket_vsock": (FILTER, None),
    "socket_packet": (None, "needs capabilities as well"),
    "socket_netlink": (FILTER, None),
    "int80": (FILTER, None),
    "watch_others": (FILTER, None),
    "handle_open": (FILTER, None),
    "machine": (None, "harmful"),
    "device_nodes": (None, "needs capabilities as well"),
    "setuid_program": ("no new privileges,syscall filter", None),  # the filter cannot be loaded without
    "terminal_input": ("session", None),
    "inherited_descriptors": (None, "without the step the guest has no socket to be told by"),
    "inherited_environment": (None, "cleared when the spawner starts"),
    "pipe_reopen": (None, "nothing to switch off"),
    "control_sockets": (None, "nothing to switch off"),
    "path_games": (None, "mount points are the defence"),
    "layers": (None, "the mounts are the template's, no step of the slot"),
    "network": (None, "the namespace is the template's work"),
    "abstract_sockets+victim": (None, "the namespace is the template's work"),
    "shared_ipc+victim": (None, "the namespace is the template's work"),
    "shared_ipc-victim": (None, "the namespace is the template's work"),
    "signals+victim": (None, "the namespace is made by the clone"),
    "other_processes+victim": (None, "the template's /proc hides them as well"),
    "other_files+victim": (None, "without scratch directories there is nowhere to write"),
    "other_files-victim": (None, "without scratch directories there is nowhere to write"),
    "memory_limit": ("cgroup", None),
    "tmpfs_memory": ("cgroup", None),
    "process_limit": ("cgroup,resource limits", None),
    "file_limits": ("resource limits", None),
    "cgroup_reach": ("cgroup namespace", None),
}
SECOND = [(attack, skip) for attack, (skip, _) in ATTACKS.items() if skip]


@cache
def built():
    """One process at a time makes it: several would write the same files."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "escape.lock", "w") as lock:
        flock(lock, LOCK_EX)
        subprocess.run(["make", "--no-print-directory", f"BUILD={BUILD}", "TESTING=1", "escape"], cwd=ROOT, check=True)
    return BUILD / "escape"


@cache
def answers(skip, attacks):
    """What each attack says in slots without the steps `skip`: name -> (word, explanation)."""
    if os.geteuid() != 0:
        pytest.skip("needs root: own user ids and cgroups for slots")
    env = {**os.environ, "VIRGA_TEST_SKIP": skip} if skip else {k: v for k, v in os.environ.items() if k != "VIRGA_TEST_SKIP"}
    done = subprocess.run([built() / "harness", built() / "attacks", *attacks], env=env, capture_output=True, text=True,
                          timeout=DEADLINE_S)
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t", 2) for line in done.stdout.splitlines()]
    assert len(lines) == len(attacks), done.stdout + done.stderr
    return {attack: (line[1], line[2]) for attack, line in zip(attacks, lines)}


@pytest.mark.parametrize("attack", ATTACKS)
def test_is_refused(attack):
    word, why = answers("", tuple(ATTACKS))[attack]
    assert word == "refused", f"{word}: {why}"


@pytest.mark.parametrize("attack, skip", SECOND, ids=[attack for attack, _ in SECOND])
def test_succeeds_without_its_defence(attack, skip):
    together = tuple(a for a, s in SECOND if s == skip)
    word, why = answers(skip, together)[attack]
    assert word == "SUCCEEDED", f"{word}: {why}"


def test_no_slot_outlives_the_spawner():
    word, why = answers("", ("outlive_spawner!",))["outlive_spawner!"]
    assert word == "refused", f"{word}: {why}"


def test_every_attack_is_in_the_table():
    programs = {p.stem for p in Path(__file__).parent.glob("*.c")} - {"harness", "guest", "victim", "outlive_spawner"}
    assert programs == {attack.split("+")[0].split("-")[0] for attack in ATTACKS}


def test_every_attack_without_a_second_run_says_why():
    assert all(bool(skip) != bool(reason) for skip, reason in ATTACKS.values())
