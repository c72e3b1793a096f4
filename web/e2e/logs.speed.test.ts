import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect } from "./browser";
import { costOfSteps, marks, median, say, spread } from "./cost";
import { watchMachine } from "./machine";
import { newWorld, type World } from "./world";

let world: World;
let quick: { id: string };

const call = (id: string, input: unknown) => world.server.api("POST", `/api/invoke/${id}`, { input });

async function manyCalls(id: string, count: number, input: (at: number) => unknown) {
  let at = 0;
  const worker = async () => {
    while (at < count) await call(id, input(at++));
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

beforeAll(async () => {
  world = await newWorld();
  const code = "def handler(event):\n    return event\n";
  quick = await world.call("POST", "/api/functions", { name: "quick", code });
  await manyCalls(quick.id, 10_200, (at) => ({ at, words: "a short text that fills the line of this call" }));
});
afterAll(() => world?.end());

const texts = (text: string) => world.page.getByRole("table", { name: "Calls" }).getByText(text, { exact: false });

const frames = 120;

/** Scrolls down by `step` px each frame, which is marked as a step. */
const scrollDown = ([step, frames, mark]: readonly [number, number, string]) =>
  new Promise<{ took: number[]; nodes: number; rows: number }>((done) => {
    const scroller = document.querySelector("[data-scroller]") as HTMLElement;
    const seen = { took: [] as number[], nodes: 0, rows: 1000 };
    let last = performance.now();
    const count = () => {
      seen.nodes = Math.max(seen.nodes, document.querySelectorAll("*").length);
      seen.rows = Math.min(seen.rows, scroller.querySelectorAll("[data-call]").length);
    };
    scroller.scrollTop = 0;
    const frame = (now: number) => {
      performance.mark(mark);
      seen.took.push(now - last);
      last = now;
      if (seen.took.length % 10 === 0) count(); // to count in every frame would be a third of its work
      scroller.scrollTop += step;
      if (seen.took.length < frames) requestAnimationFrame(frame);
      else done(seen);
    };
    requestAnimationFrame(frame);
  });

const scrolling = (page: Page, step: number) => page.evaluate(scrollDown, [step, frames, marks.step] as const);

/** What the page holds once nothing that could go is left. */
async function heapMb(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  await devtools.detach();
  return usedSize / 2 ** 20;
}

/** Frames that missed their turn: the picture before them stood for two or more of those that this machine can draw. */
const dropped = (took: number[], turn: number) => took.slice(1).filter((ms) => ms > 1.5 * turn).length;
const turn = 1000 / 60;

test("10,000 calls scroll without dropping frames, and stay bounded", async () => {
  const { page } = world;
  await world.open(`/functions/${quick.id}/logs`);
  await page.locator("[data-live=live]").waitFor();
  await page.waitForFunction(
    () => {
      document.querySelector("[data-scroller]")?.scrollBy({ top: 1e6 });
      return document.querySelector('[role="table"]')?.getAttribute("aria-rowcount") === "10001";
    },
    undefined,
    { polling: "raf" },
  );
  await page.getByText("These are the newest").waitFor();
  for (const step of [40, 120, 300]) {
    const { result, alone, limit } = await watchMachine(async () => {
      const runs = [await scrolling(page, step)];
      while (runs.length < 3 && Math.min(...runs.map(({ took }) => dropped(took, turn))) > frames / 40)
        runs.push(await scrolling(page, step));
      return { runs, costs: await costOfSteps(world.browser, page, () => scrolling(page, step)) };
    });
    const { runs, costs } = result;
    const held = await heapMb(page);
    const late = runs.map(({ took }) => dropped(took, limit(turn)));
    say(`${step} px a frame: ${late} of ${frames} frames late, ${spread(costs)} of work, ${held.toFixed(0)} MB`);
    expect(Math.max(...runs.map(({ nodes }) => nodes))).toBeLessThan(1500);
    expect(Math.min(...runs.map(({ rows }) => rows)), "rows in the page").toBeGreaterThan(15);
    expect(held, "MB held").toBeLessThan(60);
    // What the page drops by itself it drops in each of them; a tenth of the machine, in one piece, is a dozen frames of one.
    if (alone) expect(Math.min(...late), "frames late").toBeLessThanOrEqual(frames / 40);
    // Being traced is part of that work, and at 300 px a frame most of it.
    expect(median(costs), "ms of work for a frame").toBeLessThan(limit(32));
  }
});

test("whoever reads further down keeps the place, and hears of new calls", async () => {
  const { page } = world;
  await page.locator("[data-scroller]").evaluate((scroller) => scroller.scrollTo({ top: 36_000 }));
  await page.locator('[data-index="1000"]').waitFor();
  const at = await page.locator('[data-index="1005"]').getAttribute("data-call");
  const place = () => page.locator(`[data-call="${at}"]`).evaluate((each) => each.getBoundingClientRect().y);
  const before = await place();
  await manyCalls(quick.id, 12, (n) => ({ late: n }));
  await page.getByRole("button", { name: "12 new calls" }).waitFor();
  expect(await place()).toBeCloseTo(before, 0);
  await inspect(world, "logs-new-calls", 1);
  await page.getByRole("button", { name: "12 new calls" }).click();
  await texts('"late"').first().waitFor();
  await page.getByRole("button", { name: "new calls" }).waitFor({ state: "detached" });
});
