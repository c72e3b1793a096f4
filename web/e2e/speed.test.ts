/** What the dashboard must reach, measured in the browser. Each test prints its figure. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { newViewer, signIn } from "./browser";
import { ada, newWorld, type World } from "./world";

let world: World;
beforeAll(async () => {
  world = await newWorld();
  const code = "def handler(event):\n    return 1\n";
  const fn = await world.call<{ id: string }>("POST", "/api/functions", { name: "hello", code });
  await world.call("POST", `/api/invoke/${fn.id}`, { input: {} });
});
afterAll(() => world?.end());

function say(figure: string, value: string) {
  process.stdout.write(`    ${figure}: ${value}\n`);
}

test("the first load takes at most 250 KB and a second, with nothing in the cache", async () => {
  const viewer = await newViewer(world.browser);
  await signIn(viewer, world.server.url, ada.name, ada.password);
  await viewer.page.goto(world.server.url);
  await viewer.page.getByRole("heading", { name: "Dashboard" }).waitFor();
  await viewer.page.getByText(/1 call of all time/).waitFor();
  const usable = await viewer.page.evaluate(() => performance.now());
  await viewer.page.locator(".uplot canvas").nth(1).waitFor(); // drawn when everything else is there
  const parts = await viewer.page.evaluate(() =>
    (performance.getEntries() as PerformanceResourceTiming[])
      .filter((each) => each.entryType === "resource" || each.entryType === "navigation")
      .map((each) => ({ name: new URL(each.name).pathname, bytes: each.encodedBodySize })),
  );
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  say("first load", `${(bytes / 1024).toFixed(1)} KB in ${parts.length} answers, usable after ${usable.toFixed(0)} ms`);
  expect(bytes, JSON.stringify(parts, null, 1)).toBeLessThanOrEqual(250 * 1024);
  expect(usable).toBeLessThanOrEqual(1000);
  await viewer.context.close();
});
