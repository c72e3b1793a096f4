"""How many warm functions fit: one slot each, all alive at the same time."""

from measure import NotMeasured, faultless, load, wait_until
from server import BODY, COLD, GOOD, Server, memory_kb


def measure(report):
    count = 200 if report.quick else 1000
    with Server("--blanks", "0", "--slots-max", str(count + 50), "--idle", "600") as v:
        v.call_once(v.create("first"))
        before = set(v.pids())
        ids = v.create_many(count)
        result = faultless(load(v.url("/"), body=BODY, paths=v.invoke_paths(ids), requests=count,
                                connections=4, timeout_ms=30000, expect=GOOD, count=COLD), "density")
        if result["counted"] != count:
            raise NotMeasured(f"only {result['counted']} of {count} slots are of this run")
        slots = wait_until(lambda: enough(set(v.pids()) - before, count), 10, 0.1) or []
        sizes = [memory_kb(p, "Pss", "smaps_rollup") for p in slots]
        if not all(sizes) or len(slots) < count:
            raise NotMeasured(f"{count} slots expected, {sum(map(bool, sizes))} processes could be read")
        server = memory_kb(v.process.pid, "VmRSS") / 1024
        again = faultless(load(v.url("/"), body=BODY, paths=v.invoke_paths(ids), requests=count,
                               connections=4, expect=GOOD, count=COLD), "density, second round")
    per_slot = sum(sizes) / count / 1024
    report.check(f"{count} warm Python slots of {count} functions, PSS each",
                 f"{per_slot:.2f} MB ({sum(sizes) / 1024:.0f} MB in all)", "<= 3 MB", per_slot <= 3)
    report.check("all still warm in a second round", f"{count - again['counted']} of {count}",
                 "all", again["counted"] == 0)
    report.show("server resident with all of them", f"{server:.1f} MB")


def enough(processes, count):
    return processes if len(processes) >= count else None
