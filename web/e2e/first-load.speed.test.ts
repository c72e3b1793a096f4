/** What the dashboard must reach, measured in the browser. Each test prints its figure. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { newViewer, signIn } from "./browser";
import { median, say, spread } from "./cost";
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

/** Opens the dashboard in a browser that has nothing of it. */
async function load(): Promise<Load> {
  const viewer = await newViewer(world.browser);
  await signIn(viewer, world.server.url, ada.name, ada.password);
  await viewer.page.goto(world.server.url);
  await viewer.page.getByText("1 call of all time").waitFor();
  const usableMs = await viewer.page.evaluate(() => performance.now());
  await viewer.page.getByRole("slider", { name: "Durations" }).waitFor();
  const found = await viewer.page.evaluate(() => ({
    drawnMs: performance.now(),
    parts: (performance.getEntries() as PerformanceResourceTiming[])
      .filter((each) => each.entryType === "resource" || each.entryType === "navigation")
      .map((each) => ({ name: new URL(each.name).pathname, bytes: each.encodedBodySize })),
  }));
  await viewer.context.close();
  return { ...found, usableMs };
}

test("the first load takes at most 250 KB and a second, with nothing in the cache", async () => {
  const { result: loads, limit } = await watchMachine(async () => [await load(), await load(), await load()]);
  const bytes = loads.map(({ parts }) => parts.reduce((sum, part) => sum + part.bytes, 0));
  const usable = loads.map((each) => each.usableMs);
  say(`first load: ${(Math.max(...bytes) / 1024).toFixed(1)} KB in ${loads[0]?.parts.length} answers`);
  say(`usable after ${spread(usable)}; charts drawn after ${spread(loads.map((each) => each.drawnMs))}`);
  expect(Math.max(...bytes), JSON.stringify(loads[0]?.parts, null, 1)).toBeLessThanOrEqual(250 * 1024);
  expect(median(usable)).toBeLessThanOrEqual(limit(1000));
});
