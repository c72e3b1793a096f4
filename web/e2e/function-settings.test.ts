import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect } from "./browser";
import { choose, type Functions, functionsOf } from "./functions";
import { newWorld, type World } from "./world";

let world: World;
let functions: Functions;

beforeAll(async () => {
  world = await newWorld();
  functions = functionsOf(world);
  await functions.make({ name: "cart", code: "" });
});
afterAll(() => world?.end());

test("limits are saved together; one that does not fit is named at its field", async () => {
  const { page, troubles } = world;
  const { id } = await functions.stored("cart");
  await functions.open(id, "/settings");
  await inspect(world, "function-settings");
  const limits = functions.section("Limits");
  await limits.getByLabel("Memory").fill("15");
  await limits.getByText("Not saved yet").waitFor();
  await limits.getByRole("button", { name: "Save" }).click();
  await limits.getByText("memory_mb should be from 16 to 16384").waitFor();
  troubles.length = 0; // the browser names the refusal
  await limits.scrollIntoViewIfNeeded();
  await inspect(world, "function-settings-refused", 1);
  await limits.getByLabel("Memory").fill("256");
  await limits.getByLabel("Timeout").fill("5000");
  await page.keyboard.press("Enter");
  await page.getByText("Limits: saved").waitFor();
  expect((await functions.stored(id)).limits).toMatchObject({ memory_mb: 256, timeout_ms: 5000 });
  await expect.poll(() => limits.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
});

test("unsaved settings are not lost by accident", async () => {
  const { page } = world;
  const { id } = await functions.stored("cart");
  await functions.open(id, "/settings");
  await functions.section("General").getByLabel("Description").fill("What is bought");
  await page.getByRole("link", { name: "Versions" }).click();
  const ask = page.getByRole("dialog", { name: "Leave without saving?" });
  await ask.waitFor();
  await inspect(world, "function-settings-leave");
  await ask.getByRole("button", { name: "Cancel" }).click();
  expect(await functions.section("General").getByLabel("Description").inputValue()).toBe("What is bought");
  await functions.section("General").getByLabel("Name").fill("basket");
  await functions.section("General").getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "basket", level: 1 }).waitFor();
  expect(await functions.stored(id)).toMatchObject({ name: "basket", description: "What is bought" });
  await page.getByRole("link", { name: "Versions" }).click();
  await page.waitForURL(/\/versions$/);
});

test("variables of the function are masked, kept, replaced and removed", async () => {
  const { page } = world;
  const { id } = await functions.make({
    name: "moody",
    code: "import os\ndef handler(event):\n    return {'mode': os.environ.get('MODE'), 'key': os.environ.get('API_KEY')}\n",
    environment: { API_KEY: "old", GONE: "x" },
  });
  await functions.open(id, "/settings");
  const variables = functions.section("Variables");
  await variables.getByRole("button", { name: "Add a variable" }).click();
  await variables.getByPlaceholder("NAME").last().fill("MODE");
  await variables.getByPlaceholder("value").fill("quiet");
  await variables.getByRole("button", { name: "Remove GONE" }).click();
  await variables.scrollIntoViewIfNeeded();
  await inspect(world, "function-settings-variables", 1);
  await variables.getByRole("button", { name: "Save" }).click();
  await page.getByText("Variables: saved").waitFor();
  expect((await functions.stored(id)).environment).toEqual({ API_KEY: "****", MODE: "****" });
  expect(await functions.invoke(id, {})).toEqual({ mode: "quiet", key: "old" });
});

test("network is given to a function, and taken away", async () => {
  const { page } = world;
  const { id } = await functions.stored("moody");
  await functions.open(id, "/settings");
  const sandboxes = functions.section("Sandboxes");
  for (const network_enabled of [true, false]) {
    await sandboxes.getByRole("switch", { name: "Network" }).click();
    await sandboxes.getByText("Not saved yet").waitFor();
    await inspect(world, `function-settings-network-${network_enabled ? "on" : "off"}`, 1);
    await sandboxes.getByRole("button", { name: "Save" }).click();
    await page.getByText("Sandboxes: saved").last().waitFor();
    await expect.poll(async () => await functions.stored(id)).toMatchObject({ network_enabled });
  }
});

test("a server without network for functions says why", async () => {
  const other = await newWorld("--egress", "off");
  try {
    const { id } = await functionsOf(other).make({ name: "moody", code: "" });
    await functionsOf(other).open(id, "/settings");
    await other.page.getByText("This server gives functions no network: it was started with --egress off").waitFor();
    expect(await other.page.getByRole("switch", { name: "Network" }).isDisabled()).toBe(true);
    await functionsOf(other).section("Sandboxes").scrollIntoViewIfNeeded();
    await inspect(other, "function-settings-no-network", 1);
  } finally {
    await other.end();
  }
});

test("snapstart is switched on, loads once and is copied, and is no choice where it cannot be", async () => {
  const { page } = world;
  const code = "import random\nseed = random.random()\ndef handler(event):\n    return {'seed': seed}\n";
  const { id } = await functions.make({ name: "snap", code, reuse: "never" });
  const seeds = async () => [await functions.invoke(id, {}), await functions.invoke(id, {})];
  const [one, other] = await seeds();
  expect(one).not.toEqual(other);
  await functions.open(id, "/settings");
  const sandboxes = functions.section("Sandboxes");
  const snapstart = sandboxes.getByRole("switch", { name: "Load once, copy for each sandbox" });
  await snapstart.click();
  await sandboxes.getByText("Not saved yet").waitFor();
  await sandboxes.scrollIntoViewIfNeeded();
  await inspect(world, "function-settings-snapstart", 1);
  await sandboxes.getByRole("button", { name: "Save" }).click();
  await page.getByText("Sandboxes: saved").waitFor();
  expect(await functions.stored(id)).toMatchObject({ snapstart: true });
  const [copy, again] = await seeds();
  expect(copy).toEqual(again);
  await page.reload();
  expect(await snapstart.isChecked()).toBe(true);
  const runtime = functions.section("Runtime");
  await runtime.getByLabel("Runtime").selectOption("JavaScript");
  await runtime.getByRole("button", { name: "Save" }).click();
  await runtime.getByText(/snapstart/).waitFor();
  world.troubles.length = 0; // the browser names the refusal
  await functions.open((await functions.make({ name: "script", runtime: "nodejs", code: "" })).id, "/settings");
  await sandboxes.getByRole("switch", { name: "Network" }).waitFor();
  expect(await snapstart.count()).toBe(0);
});

test("how many sandboxes there are, how long they live and how often they are called is saved", async () => {
  const { page } = world;
  const { id } = await functions.stored("snap");
  await functions.open(id, "/settings");
  const sandboxes = functions.section("Sandboxes");
  await sandboxes.getByLabel("Sandboxes").fill("3");
  await sandboxes.getByLabel("Queue").fill("7");
  await choose(sandboxes.getByRole("radio", { name: "Keep it warm" }));
  await sandboxes.getByRole("button", { name: "Save" }).click();
  await page.getByText("Sandboxes: saved").waitFor();
  const access = functions.section("Access");
  await choose(access.getByRole("radio", { name: "Key" }));
  await access.getByLabel("Rate in all").fill("600");
  await access.getByLabel("Rate of each client").fill("60");
  await access.getByRole("switch", { name: "Public log" }).click();
  await access.getByRole("button", { name: "Save" }).click();
  await page.getByText("Access: saved").waitFor();
  expect(await functions.stored(id)).toMatchObject({
    ...{ concurrency: 3, queue: 7, reuse: "always" },
    ...{ access: "key", rate_limit: 600, client_rate_limit: 60, public_logs: true },
  });
});

test("access is chosen", async () => {
  const { page } = world;
  const { id } = await functions.stored("moody");
  await functions.open(id, "/settings");
  await choose(functions.section("Access").getByRole("radio", { name: "Private" }));
  await functions.section("Access").scrollIntoViewIfNeeded();
  await inspect(world, "function-settings-access", 1);
  await functions.section("Access").getByRole("button", { name: "Save" }).click();
  await page.getByText("Access: saved").waitFor();
  expect((await functions.stored(id)).access).toBe("private");
});

test("an inactive function takes no calls", async () => {
  const { page } = world;
  const { id } = await functions.stored("moody");
  await functions.open(id);
  await page.getByRole("switch", { name: "Active" }).click();
  await expect.poll(async () => (await functions.stored(id)).status).toBe("inactive");
  await expect(functions.invoke(id, {})).rejects.toThrow("Function is not active");
  await page.getByRole("switch", { name: "Active" }).click();
  await expect.poll(async () => (await functions.stored(id)).status).toBe("active");
});
