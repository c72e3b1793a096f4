/** Whether the machine was ours while something was measured, and how quick it was: without that a time says little. */
import { readdirSync, readFileSync } from "node:fs";
import { median, say } from "./cost";

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

const numbers = new Float64Array(1 << 16);

/** The ms of a processor that a fixed piece of work takes: arithmetic, and memory that is walked to and fro. */
function fixedWork(): number {
  const before = process.cpuUsage();
  let next = 1;
  for (let at = 0; at < numbers.length; at++) {
    next = (Math.imul(next, 1664525) + 1013904223) >>> 0;
    numbers[at] = next;
  }
  numbers.sort();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** What it takes on the machine that the figures are promised for. */
const promised = 6;

const someWork = () => Array.from({ length: 9 }, fixedWork);

export interface Watched<Result> {
  result: Result;
  /** Others had less than a tenth of the machine meanwhile. */
  alone: boolean;
  /** What a time by the clock of a thread may be at most that is promised to be so long: more on a slower machine. Whoever
   * shares a core and its caches with others works up to twice as long for the same. */
  limit: (ms: number) => number;
  /** The same for the clock on the wall: whoever has a third of the machine waits as long again as it works, and once more. */
  wallLimit: (ms: number) => number;
  /** Which of several times by the clock on the wall is held to that: the median, or, where others took of the machine and made
   * all of them longer, the least. */
  typical: (times: number[]) => number;
}

/** Runs a measurement, and says when the machine was not alone, or is slower than the figures are promised for. */
export async function watchMachine<Result>(run: () => Promise<Result>): Promise<Watched<Result>> {
  someWork(); // the first ones are compiled meanwhile
  const samples = someWork();
  const before = ticks();
  const result = await run();
  const after = ticks();
  const pace = Math.max(1, median([...samples, ...someWork()]) / promised);
  const others = (after.others - before.others) / Math.max(1, after.all - before.all);
  const alone = others < 0.1;
  if (pace > 1.05) say(`a fixed piece of work takes ${pace.toFixed(2)} times as long here and now: so may all`);
  const work = alone ? pace : 2 * pace;
  const wall = Math.max(work, pace / (1 - Math.min(0.9, others)));
  const percent = Math.round(others * 100);
  if (!alone)
    say(
      `others had ${percent} % of the machine: twice the work is allowed, ${(wall / pace).toFixed(1)} times the wait`,
    );
  return {
    result,
    alone,
    limit: (ms) => work * ms,
    wallLimit: (ms) => wall * ms,
    typical: (times) => (alone ? median(times) : Math.min(...times)),
  };
}
