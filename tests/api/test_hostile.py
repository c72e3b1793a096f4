"""Functions that misbehave: the call ends with its reason, everything is cleaned up, neighbours do not notice."""

import pytest

from virga import descendants, until

MARK = "virga-hostile-mark"

HOSTILE = {
    "endless loop": ("def handler(event):\n    while True: pass", "timeout", ["timeout_ms = 500"]),
    "sleeps too long": ("import time\ndef handler(event): time.sleep(60)", "timeout", ["timeout_ms = 500"]),
    "memory bomb": ("def handler(event):\n    hold = []\n    while True: hold.append(bytearray(1 << 20))", "oom",
                    ["memory_mb = 64"]),
    "memory bomb at load": ("hold = []\nwhile True: hold.append(bytearray(1 << 20))", "oom", ["memory_mb = 64"]),
    "output flood": ("def handler(event):\n    while True: print('x' * 1000)", "output_limit", ["output_kb = 64"]),
    "error flood": ("import os\ndef handler(event):\n    while True: os.write(2, b'x' * 4096)", "output_limit",
                    ["output_kb = 64"]),
    "exits": ("import os\ndef handler(event): os._exit(3)", "crashed", ["status 3"]),
    "segfault": ("import ctypes\ndef handler(event): ctypes.string_at(0)", "crashed", ["SIGSEGV"]),
    "closes its descriptors": ("import os\ndef handler(event):\n    os.closerange(0, 256)\n    return 1", "crashed", []),
    "garbage on the runner's socket": ("import os\ndef handler(event):\n    os.write(3, b'\\xff' * 64)\n    return 1",
                                       "crashed", ["protocol"]),
    "a forged frame of the server's": ("import os\ndef handler(event):\n    os.write(3, b'\\0\\0\\0\\0\\1\\0\\0\\0')\n    return 1",
                                       "crashed", ["protocol"]),
    "a forged result that is not JSON": ("import os\ndef handler(event):\n    os.write(3, b'\\4\\0\\0\\0\\x83\\0\\1\\0oops')\n"
                                         "    return 1", "crashed", ["protocol", "JSON"]),
    "a huge forged length": ("import os\ndef handler(event):\n    os.write(3, b'\\xff\\xff\\xff\\x7f\\x83\\0\\0\\0')\n    return 1",
                             "output_limit", []),
    "deep recursion": ("def handler(event): return handler(event)", "error", ["RecursionError"]),
    "result nested too deep": ("def handler(event):\n    x = []\n    for _ in range(100000): x = [x]\n    return x", "error", []),
    "kills everything": ("import os, signal\ndef handler(event):\n    os.kill(-1, signal.SIGKILL)\n    return 'alive'",
                         ("success", "error"), []),
    "stops itself": ("import os, signal\ndef handler(event):\n    os.kill(os.getpid(), signal.SIGSTOP)\n    return 'alive'",
                     ("success", "timeout"), []),
}


def limits(expected, what):
    """Only what ends by its deadline has a short one: a busy machine must not end the others by theirs."""
    short = expected == "timeout" or what == "stops itself"
    return {"memory_mb": 64, "timeout_ms": 500 if short else 60000, "output_kb": 64, "cpu": 1}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_call_ends_with_its_reason_and_leaves_nothing(shared, what):
    code, expected, words = HOSTILE[what]
    fn = shared.create(code, limits=limits(expected, what))
    result = shared.call(fn)
    assert result["status"] in ([expected] if isinstance(expected, str) else expected), result
    for word in words:
        assert word in result["error"], result["error"]
    neighbour = shared.create("def handler(event): return 'fine'")
    assert shared.call(neighbour)["output"] == "fine"
    again = shared.call(fn)
    assert again["status"] == result["status"]


def test_a_fork_bomb_is_bounded_and_cleaned_up(shared):
    fn = shared.create("import os\ndef handler(event):\n    made = 0\n    try:\n        while True:\n"
                       "            if os.fork() == 0:\n                import signal; signal.pause()\n            made += 1\n"
                       "    except OSError:\n        return made", limits={"pids": 20, "timeout_ms": 60000})
    result = shared.call(fn)
    assert result["success"] and 1 <= result["output"] < 20, result
    assert shared.request("DELETE", f"/api/functions/{fn['id']}").status == 200
    until(lambda: shared.metric('virga_slots{state="dying"}') == 0, "the slot ends")
    until(lambda: shared.metric('virga_slots{state="idle"}') <= len(descendants(shared.spawner_pid())), "gone")


def test_daemonised_grandchildren_do_not_outlive_their_slot(shared):
    fn = shared.create("import os, sys, signal\ndef handler(event):\n    if os.fork() == 0:\n        os.setsid()\n"
                       "        if os.fork() == 0:\n"
                       f"            os.execv('/bin/sh', ['{MARK}', '-c', 'while :; do read x < /dev/zero; done'])\n"
                       "        os._exit(0)\n    os.wait()\n    return 'left one behind'", limits={"timeout_ms": 60000})
    before = set(descendants(shared.spawner_pid()))
    assert shared.call(fn)["success"]
    until(lambda: len(set(descendants(shared.spawner_pid())) - before) >= 2, "slot and grandchild run")
    shared.request("DELETE", f"/api/functions/{fn['id']}")

    def gone():
        for pid in descendants(shared.spawner_pid()):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    if MARK.encode() in f.read():
                        return False
            except OSError:
                pass
        return True

    until(gone, "the grandchild is gone")


def test_a_full_tmp_is_an_error_of_that_function_only(shared):
    fn = shared.create("def handler(event):\n    with open('/tmp/big', 'wb') as f:\n        while True: f.write(b'x' * 65536)",
                       limits={"tmp_mb": 8, "timeout_ms": 60000})
    result = shared.call(fn)
    assert result["status"] == "error" and "OSError" in result["error"], result


def test_a_huge_file_hits_the_file_limit(shared):
    fn = shared.create("import os\ndef handler(event):\n    f = os.open('/tmp/f', os.O_CREAT | os.O_WRONLY)\n"
                       "    os.ftruncate(f, 1 << 40)\n    return 'grew'", limits={"timeout_ms": 60000})
    assert shared.call(fn)["status"] in ("error", "crashed")


def test_a_function_cannot_reach_the_server(shared):
    fn = shared.create("import socket\ndef handler(event):\n    s = socket.socket()\n    s.settimeout(2)\n"
                       f"    s.connect(('127.0.0.1', {shared.port}))\n    return 'reached'")
    result = shared.call(fn)
    assert result["status"] == "error" and "refused" in result["error"], result


def test_a_function_sees_no_other_process_and_no_host_file(shared):
    fn = shared.create("import os\ndef handler(event):\n"
                       "    return [[p for p in os.listdir('/proc') if p.isdigit()], os.path.exists('/etc/shadow'),\n"
                       "            os.listdir('/root') if os.access('/root', os.R_OK) else [], os.listdir('/tmp'), os.getuid()]")
    pids, shadow, home, tmp, uid = shared.call(fn)["output"]
    assert pids == ["1"] and not shadow and not home and tmp == [] and uid != 0
