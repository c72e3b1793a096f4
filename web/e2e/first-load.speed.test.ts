/** What the dashboard must reach, measured in the browser. Each test prints its figure. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { newViewer, signIn } from "./browser";
import { say, spread } from "./cost";
import { watchMachine } from "./machine";
import { ada, newWorld, type World } from "./world";

let world: World;
beforeAll(async () => {
  world = await newWorld();
  const code = "def handler(event):\n    return 1\n";
  const fn = await world.call<{ id: string }>("POST", "/api/functions", { name: "hello", code });
  await world.call("POST", `/api/invoke/${fn.id}`, { input: {} });
});
afterAll(() => world?.end());

interface Load {
  parts: { name: string; bytes: number }[];
  usableMs: number;
  drawnMs: number;
}

/** In the page: keeps when the text or element was first there and painted. */
function watchSigns() {
  const seen: Record<string, number> = {};
  Object.assign(window, { seen });
  const there = {
    usable: () => document.body?.textContent?.includes("1 call of all time"),
    drawn: () => document.querySelector("[role=slider][aria-label^=Durations]"),
  };
  new MutationObserver(() => {
    for (const [name, is] of Object.entries(there)) {
      if (name in seen || !is()) continue;
      seen[name] = Number.NaN;
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          seen[name] = performance.now();
        };
        port2.postMessage(null);
      });
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

/** Opens the dashboard in a browser that has nothing of it. */
async function load(): Promise<Load> {
  const viewer = await newViewer(world.browser);
  const { page } = viewer;
  await signIn(viewer, world.server.url, ada.name, ada.password);
  await page.addInitScript(watchSigns);
  await page.goto(world.server.url);
  const found = await page.waitForFunction(() => {
    const { seen } = window as unknown as { seen: { usable: number; drawn: number } };
    if (!(seen.usable > 0 && seen.drawn > 0)) return undefined;
    const entries = performance.getEntries() as PerformanceResourceTiming[];
    return {
      usableMs: seen.usable,
      drawnMs: seen.drawn,
      parts: entries
        .filter((each) => each.entryType === "resource" || each.entryType === "navigation")
        .map((each) => ({ name: new URL(each.name).pathname, bytes: each.encodedBodySize })),
    };
  });
  const times = await found.jsonValue();
  await viewer.context.close();
  return times as Load;
}

test("the first load takes at most 250 KB and a second, with nothing in the cache", async () => {
  const {
    result: loads,
    typical,
    wallLimit,
  } = await watchMachine(async () => {
    const loads: Load[] = [];
    while (loads.length < 5) loads.push(await load());
    return loads;
  });
  const bytes = loads.map(({ parts }) => parts.reduce((sum, part) => sum + part.bytes, 0));
  const usable = loads.map((each) => each.usableMs);
  say(`first load: ${(Math.max(...bytes) / 1024).toFixed(1)} KB in ${loads[0]?.parts.length} answers`);
  say(`usable after ${spread(usable)}; charts drawn after ${spread(loads.map((each) => each.drawnMs))}`);
  expect(Math.max(...bytes), JSON.stringify(loads[0]?.parts, null, 1)).toBeLessThanOrEqual(250 * 1024);
  expect(typical(usable), "ms").toBeLessThanOrEqual(wallLimit(1000));
});
