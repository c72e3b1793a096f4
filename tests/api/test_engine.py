"""Placing calls: concurrency, queues, versions, eviction."""

import threading
from concurrent.futures import ThreadPoolExecutor

from virga import Server, until

SLEEP = "import time\ndef handler(event):\n    time.sleep(event)\n    return 'slept'"


def test_above_concurrency_and_queue_calls_are_throttled(shared):
    fn = shared.create(SLEEP, concurrency=1, queue=1)
    with ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(shared.invoke, fn, 4)]
        until(lambda: shared.metric('virga_slots{state="busy"}') == 1, "the first one runs")
        taken.append(pool.submit(shared.invoke, fn, 0))
        until(lambda: shared.metric("virga_calls_waiting") == 1, "the second one waits")
        refused = [shared.invoke(fn, 0) for _ in range(3)]
    assert [r.result().status for r in taken] == [200, 200] and [r.status for r in refused] == 3 * [429]
    assert all(r.result().json["output"] == "slept" for r in taken)
    assert all(int(r.headers["Retry-After"]) >= 1 and "concurrency = 1" in r.json["detail"] for r in refused)


def test_a_slot_serves_one_call_at_a_time(shared):
    fn = shared.create("import threading\nlock = threading.Lock()\nimport time\ndef handler(event):\n"
                       "    assert lock.acquire(blocking=False)\n    time.sleep(0.02)\n    lock.release()\n    return 1",
                       concurrency=4)
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda _: shared.call(fn), range(48)))
    assert all(r["success"] for r in results)
    assert shared.metric('virga_slots{state="idle"}') >= 1


def test_a_new_version_takes_over_without_a_failed_call(shared):
    fn = shared.create("import time\ndef handler(event):\n    time.sleep(0.005)\n    return 1", concurrency=4)
    stop = threading.Event()
    seen, failed = set(), []

    def caller():
        while not stop.is_set():
            reply = shared.invoke(fn)
            if reply.status != 200 or not reply.json["success"]:
                failed.append(reply.body)
                return
            seen.add(reply.json["output"])

    threads = [threading.Thread(target=caller) for _ in range(4)]
    for t in threads:
        t.start()
    for version in range(2, 12):
        reply = shared.request("PUT", f"/api/functions/{fn['id']}",
                               {"code": f"import time\ndef handler(event):\n    time.sleep(0.005)\n    return {version}"})
        assert reply.status == 200 and reply.json["active_version"] == version
        assert shared.call(fn)["output"] == version, "a save is in force when it is answered"
    stop.set()
    for t in threads:
        t.join()
    assert not failed and 11 in seen


def test_rolling_back_brings_the_old_code_and_the_next_save_a_new_number(shared):
    fn = shared.create("def handler(event): return 'one'")
    path = f"/api/functions/{fn['id']}"
    shared.request("PUT", path, {"code": "def handler(event): return 'two'"})
    assert shared.call(fn)["output"] == "two"
    back = shared.request("PUT", path + "/versions/1").json
    assert back["active_version"] == 1 and "one" in back["code"]
    assert shared.call(fn)["output"] == "one"
    third = shared.request("PUT", path, {"code": "def handler(event): return 'three'"}).json
    assert third["active_version"] == 3 and shared.call(fn)["output"] == "three"
    assert [v["version"] for v in shared.request("GET", path + "/versions").json] == [3, 2, 1]
    missing = shared.request("PUT", path + "/versions/9")
    assert missing.status == 404 and missing.json == {"detail": "Version not found"}


def test_the_least_recently_used_slot_makes_room(tmp_path):
    with Server(tmp_path, "--slots-max=3", "--blanks=0") as server:
        fns = [server.create("n = 0\ndef handler(event):\n    global n\n    n += 1\n    return n") for _ in range(5)]
        for fn in fns:
            assert server.call(fn)["output"] == 1
        assert server.call(fns[4])["output"] == 2, "the newest is still warm"
        assert server.call(fns[0])["output"] == 1, "the oldest had to go"


def test_idle_slots_are_reaped(tmp_path):
    with Server(tmp_path, "--idle=1", "--blanks=1") as server:
        server.call(server.create("def handler(event): return 1"))
        until(lambda: server.metric('virga_slots{state="idle"}') == 0, "the idle slot ends")


def test_a_hundred_functions_at_once_are_all_served(shared):
    fns = [shared.create(f"def handler(event): return {n}") for n in range(100)]
    with ThreadPoolExecutor(100) as pool:
        results = list(pool.map(shared.call, fns))
    assert [r["output"] for r in results] == list(range(100))


def test_limits_of_a_function_are_those_of_its_slot(shared):
    fn = shared.create("import resource, os\ndef handler(event):\n    held = bytearray(100 << 20)\n    return len(held)",
                       limits={"memory_mb": 256})
    result = shared.call(fn)
    assert result["success"], result
    shared.request("PUT", f"/api/functions/{fn['id']}", {"limits": {"memory_mb": 64}})
    result = shared.call(fn)
    assert result["status"] == "oom" and "memory_mb = 64" in result["error"]


def test_deleting_a_function_ends_its_slots(shared):
    fn = shared.create("def handler(event): return 1")
    shared.call(fn)
    assert shared.request("DELETE", f"/api/functions/{fn['id']}").json == {"detail": "Function deleted"}
    assert shared.invoke(fn).status == 404


def test_node_and_provided_functions_run_too(shared):
    node = shared.create("exports.handler = async (event) => ({ got: event });", runtime="nodejs")
    assert shared.call(node, [1])["output"] == {"got": [1]}
