/** What a page's own thread spends, step by step, by the clock of that thread: what else the machine does is no part of it. */
import type { Browser, Page } from "playwright-core";

/** Names of marks that the page sets: a step begins, and what came of it is painted. */
export const marks = { step: "step", painted: "painted" } as const;

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** When it began and how long it took, in us by the clock on the wall. */
  ts: number;
  dur?: number;
  /** How long it took by the clock of the thread; not said of the shortest. */
  tdur?: number;
}

const categories = ["blink.user_timing", "disabled-by-default-devtools.timeline"];

/** The ms that each step of `run` costs until it is painted; until the next one begins where the page does not mark that. */
export async function costOfSteps(browser: Browser, page: Page, run: () => Promise<unknown>): Promise<number[]> {
  await browser.startTracing(page, { categories });
  await run();
  await page.evaluate((name) => void performance.mark(name), marks.step); // ends the last one
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] };
  const named = (name: string) => traceEvents.filter((event) => event.name === name).sort((a, b) => a.ts - b.ts);
  const steps = named(marks.step);
  const painted = named(marks.painted);
  const tasks = named("RunTask").filter(({ pid, tid }) => pid === steps[0]?.pid && tid === steps[0]?.tid);
  const cost = (from: number, to: number) =>
    tasks.filter(({ ts, dur = 0 }) => ts + dur > from && ts < to).reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0);
  return steps.slice(1).map((next, at) => {
    const from = steps[at]?.ts ?? 0;
    const end = painted.find(({ ts }) => ts > from && ts < next.ts) ?? next;
    return cost(from, end.ts);
  });
}

const sorted = (all: number[]) => [...all].sort((a, b) => a - b);

/** What that share of them does not exceed: 0.95 for the 95th percentile. */
export const share = (all: number[], part: number) => sorted(all)[Math.ceil(all.length * part) - 1] ?? Number.NaN;
export const median = (all: number[]) => share(all, 0.5);

export const spread = (all: number[]) =>
  `p50 ${median(all).toFixed(1)} ms, p95 ${share(all, 0.95).toFixed(1)} ms, worst ${share(all, 1).toFixed(1)} ms`;

/** A figure for whoever reads the output. */
export const say = (words: string) => process.stdout.write(`    ${words}\n`);
