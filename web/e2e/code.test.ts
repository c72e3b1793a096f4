import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect, shoot } from "./browser";
import { newWorld, type World } from "./world";

let world: World;
let fn: { id: string };
beforeAll(async () => {
  world = await newWorld();
  const code = 'def handler(event):\n    return {"hello": event["name"]}\n';
  fn = await world.call("POST", "/api/functions", { name: "hello", code });
  await world.open(`/functions/${fn.id}`);
});
afterAll(() => world?.end());

const code = (file: string): Locator => world.page.getByRole("textbox", { name: file, exact: true });
const panel = (name: string) => world.page.getByRole("region", { name, exact: true });

test("a call shows its result, its log and where its time went", async () => {
  const { page } = world;
  await code("main.py").waitFor({ state: "attached", timeout: 10000 });
  await inspect(world, "code");
  await page.keyboard.press("Control+Enter");
  await panel("Result").getByText('"Ada"').waitFor({ timeout: 5000 });
  await panel("Time and memory").waitFor({ timeout: 5000 });
  await inspect(world, "code-called");
});
