/** Whether the machine was ours while something was measured: without that a time says little. */
import { readdirSync, readFileSync } from "node:fs";
import { say } from "./cost";

/** In ticks of all processors: what they could do, and what was done by others than this program and what it started. */
interface Ticks {
  all: number;
  others: number;
}

function ticks(): Ticks {
  const line = /^cpu +(.*)/.exec(readFileSync("/proc/stat", "utf8"))?.[1] ?? "";
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(" ")
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { all: busy + idle + wait, others: busy - ownTicks() };
}

function ownTicks(): number {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap(readProcess);
  const own = new Set([process.pid]);
  for (let before = 0; before < own.size; ) {
    before = own.size;
    for (const { id, parent } of processes) if (own.has(parent)) own.add(id);
  }
  return processes.filter(({ id }) => own.has(id)).reduce((sum, { spent }) => sum + spent, 0);
}

/** With what its children spent that have ended. */
function readProcess(name: string): { id: number; parent: number; spent: number }[] {
  try {
    const fields = readFileSync(`/proc/${name}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")
      .map(Number);
    const spent = fields.slice(11, 15).reduce((sum, each) => sum + each, 0);
    return [{ id: Number(name), parent: fields[1] ?? 0, spent }];
  } catch {
    return []; // it has ended
  }
}

export interface Watched<Result> {
  result: Result;
  /** Others had less than a tenth of the machine meanwhile. */
  alone: boolean;
  /** What a time may be at most: whoever shares a core and its caches with others works up to twice as long for the same. */
  limit: (ms: number) => number;
}

/** Runs a measurement, and says when it was not alone. */
export async function watchMachine<Result>(run: () => Promise<Result>): Promise<Watched<Result>> {
  const before = ticks();
  const result = await run();
  const after = ticks();
  const others = (after.others - before.others) / Math.max(1, after.all - before.all);
  const alone = others < 0.1;
  if (!alone) say(`others had ${Math.round(others * 100)} % of the machine: twice the time is allowed`);
  return { result, alone, limit: (ms) => (alone ? ms : 2 * ms) };
}
