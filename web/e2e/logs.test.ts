import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect } from "./browser";
import { newWorld, type World } from "./world";

const shopCode = `import sys

def handler(event):
    event = event if isinstance(event, dict) else {}
    what, order = event.get("what", ""), event.get("order", 0)
    print("order", order, "begins")
    if what == "warn":
        print("stock is low\\nask the store", file=sys.stderr)
    if what == "fail":
        raise KeyError("no such item: " + str(event.get("item", "lamp")))
    return {"order": order, "items": [{"name": "Ada's book", "price": 12.5, "sold": True}], "note": None}
`;
const quickCode = "def handler(event):\n    return event\n";

interface Made {
  id: string;
}

let world: World;
let project: Made & { slug: string };
let shop: Made;
let quick: Made;
let idle: Made;

const makeFunction = (name: string, code: string, project_id: string | null = null) =>
  world.call<Made>("POST", "/api/functions", { name, code, project_id });

const call = (id: string, input: unknown) => world.server.api("POST", `/api/invoke/${id}`, { input });

beforeAll(async () => {
  world = await newWorld();
  project = await world.call("POST", "/api/projects", { name: "Shop", description: "" });
  shop = await makeFunction("orders", shopCode, project.id);
  quick = await makeFunction("quick", quickCode);
  idle = await makeFunction("idle", quickCode, project.id);
  const route = { function_id: shop.id, method: "ANY", path: "/orders/:id" };
  await world.call("POST", `/api/projects/${project.id}/routes`, route);
  for (let order = 1; order <= 20; order++) await call(shop.id, { order, what: order % 7 === 3 ? "fail" : "" });
  await fetch(`${world.server.url}/api/gateway/${project.slug}/orders/41?page=2`);
  await call(shop.id, { order: 99, what: "fail", item: "teapot" });
  await call(shop.id, { order: 100, what: "warn" });
  await call(quick.id, { first: true });
});
afterAll(() => world?.end());

const list = () => world.page.getByRole("table", { name: "Calls" });
const row = (name: RegExp) => list().getByRole("link", { name });
const texts = (text: string) => list().getByText(text, { exact: false });
const live = () => world.page.locator("[data-live=live]");
const panel = () => world.page.getByRole("complementary", { name: "Call" });
const select = (name: string, option: string) =>
  world.page.getByRole("combobox", { name, exact: true }).selectOption({ label: option });
const gone = { state: "detached" } as const;

/** Of the rows in the page, from the top. */
const shownIds = (page: Page) =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll<HTMLElement>("[data-call]"))
      .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
      .map((each) => each.dataset.call),
  );

test("the log of everything names the functions, newest first", async () => {
  await world.open("/logs");
  await live().waitFor();
  await row(/Success, quick/).waitFor();
  await inspect(world, "logs");
  const calls = await world.call<Made[]>("GET", "/api/invocations?limit=200");
  expect(await shownIds(world.page)).toEqual(
    calls.map((each) => each.id).slice(0, (await shownIds(world.page)).length),
  );
  expect(await row(/GET/).getAttribute("aria-label")).toContain("GET /orders/41");
});

test("a call that is made while one looks appears by itself, unless paused", async () => {
  const { page } = world;
  await call(quick.id, { word: "while looking" });
  await texts("while looking").waitFor();
  await page.getByRole("switch", { name: "Live" }).click();
  await page.waitForURL(/live=off/);
  await call(quick.id, { word: "while paused" });
  await page.reload();
  await texts("while paused").waitFor(); // what is loaded is fresh
  await page.getByRole("status").getByText("Paused").waitFor();
  await call(quick.id, { word: "paused again" });
  await page.getByRole("switch", { name: "Live" }).click();
  await texts("paused again").waitFor();
  await page.waitForURL((url) => url.search === "");
});

test("filters narrow the list and what comes, and stand in the address", async () => {
  const { page } = world;
  await page.getByRole("button", { name: "Any status" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Error", exact: true }).click();
  await page.getByRole("menuitemcheckbox", { name: "Timeout" }).click();
  await inspect(world, "logs-status-menu", 1);
  await page.keyboard.press("Escape");
  await row(/Success/)
    .first()
    .waitFor(gone);
  expect(await row(/Error/).count()).toBe(4);
  await live().waitFor();
  await call(shop.id, { order: 200 });
  await call(shop.id, { order: 201, what: "fail", item: "kettle" });
  await texts("kettle").waitFor();
  expect(await row(/Success/).count()).toBe(0);
  await select("Function", "quick");
  await page.getByText("No call fits").waitFor();
  await inspect(world, "logs-none", 1);
  expect(new URL(page.url()).search).toBe(`?status=error%2Ctimeout&function=${quick.id}`);
  await page.reload();
  await page.getByText("No call fits").waitFor();
  await page.getByRole("main").getByRole("button", { name: "Clear the filters" }).last().click();
  await row(/quick/).first().waitFor();
});

test("source, start, version and time are filters, too", async () => {
  const { page } = world;
  await select("Source", "Through the gateway");
  await row(/Success, quick/)
    .first()
    .waitFor(gone);
  expect(await row(/orders/).count()).toBe(1);
  await select("Source", "Any source");
  await select("Start", "Cold starts");
  await row(/GET/).waitFor(gone);
  expect(await list().getByText("cold start", { exact: true }).count()).toBe(await row(/./).count());
  await page.getByRole("textbox", { name: "Version" }).fill("7");
  await page.getByText("No call fits").waitFor();
  await page.getByRole("main").getByRole("button", { name: "Clear the filters" }).last().click();
  await select("Time", "Last 15 minutes");
  await row(/GET/).waitFor();
  await select("Time", "From … to …");
  await page.getByLabel("To", { exact: true }).fill("2020-01-01T00:00");
  await page.getByText("No call fits").waitFor();
  expect(await page.getByRole("switch", { name: "Live" }).isDisabled()).toBe(true);
  await inspect(world, "logs-between", 1);
});

test("a search finds what stands in a call and marks it", async () => {
  const { page } = world;
  await world.open(`/functions/${shop.id}/logs`);
  await row(/Success/)
    .first()
    .waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("LOW");
  await texts("stderr: stock is low").waitFor();
  expect(await list().locator("mark").allTextContents()).toEqual(["low"]);
  expect(await row(/./).count()).toBe(1);
  await row(/Success/).click();
  await panel().locator("mark").first().waitFor();
  await inspect(world, "logs-search", 1);
  await page.getByRole("button", { name: "Clear the search" }).click();
  await row(/Error/).first().waitFor();
  await page.waitForURL((url) => !url.searchParams.has("q"));
});

test("a call is read in full, and keys lead to the next, back, and out", async () => {
  const { page } = world;
  await world.open("/logs?live=off");
  await row(/Error, orders/)
    .first()
    .click();
  await panel().getByText("KeyError").first().waitFor();
  await inspect(world, "logs-call", 1);
  const first = page.url();
  await page.keyboard.press("j");
  await page.waitForURL((url) => url.href !== first);
  await page.keyboard.press("ArrowUp");
  await page.waitForURL(first);
  const again = panel().getByRole("link", { name: "Call again with this input" });
  const input = `/functions/${shop.id}?input=${new URL(first).searchParams.get("call")}`;
  await again.and(page.locator(`[href="${input}"]`)).waitFor(); // the call before stays in sight until this one is there
  await page.keyboard.press("Escape");
  await panel().waitFor(gone);
  expect(await page.evaluate(() => (document.activeElement as HTMLElement).ariaLabel)).toMatch(/Error, orders/);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await panel().getByRole("region", { name: "Standard output", exact: true }).waitFor();
});

test("the address of a call leads to it, also where the list does not hold it", async () => {
  const { page } = world;
  const [oldest] = (await world.call<Made[]>("GET", `/api/functions/${shop.id}/invocations?limit=200`)).slice(-1);
  await world.open(`/functions/${shop.id}/logs?live=off&status=oom&call=${oldest?.id}`);
  await panel().getByText("order 1 begins").waitFor();
  await world.open(`/logs?live=off&status=oom&call=${oldest?.id}`);
  await panel().getByText("This call is not in the list").waitFor();
  await world.open(`/logs?live=off&call=${oldest?.id}&of=${shop.id}`);
  await panel().getByText("order 1 begins").waitFor();
  await world.open(`/functions/${shop.id}/logs?live=off&call=gone`);
  await panel().getByText("Invocation not found").waitFor();
  world.troubles.length = 0; // the browser names the request that found nothing
  await page.getByRole("button", { name: "Close the call" }).click();
  await panel().waitFor(gone);
});

test.each(["the project", "everything"])("what is exported are the calls that are listed, of %s", async (of) => {
  const { page } = world;
  await world.open(`${of === "everything" ? "" : `/projects/${project.id}`}/logs?live=off&status=error`);
  await row(/Error/).first().waitFor();
  await inspect(world, of === "everything" ? "logs-all-errors" : "logs-project");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export" }).click(),
  ]);
  const lines = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\n");
  expect(lines.map((line) => (JSON.parse(line) as Made).id).reverse()).toEqual(await shownIds(page));
});

test("nothing is missing and nothing twice after the server was away", async () => {
  const { page, server, troubles } = world;
  await world.open(`/functions/${quick.id}/logs`);
  await live().waitFor();
  await server.stop();
  await page.locator("[data-live=reconnecting]").waitFor();
  await server.start();
  await call(quick.id, { word: "just restarted" });
  await texts("just restarted").waitFor();
  await live().waitFor();
  await call(quick.id, { word: "and again" });
  await texts("and again").waitFor();
  const calls = await world.call<Made[]>("GET", `/api/functions/${quick.id}/invocations?limit=200`);
  expect(await shownIds(page)).toEqual(calls.map((each) => each.id));
  troubles.length = 0; // the browser names each request that failed meanwhile
});

test("a function without calls says what will be here, and shows the first one", async () => {
  await world.open(`/functions/${idle.id}/logs`);
  await world.page.getByText("No calls yet").waitFor();
  await live().waitFor();
  await inspect(world, "logs-empty");
  await call(idle.id, { word: "the very first" });
  await texts("the very first").waitFor();
});

test("on a telephone and in the dark theme the log is whole", async () => {
  const { page } = world;
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: "dark" });
  await world.open("/logs?live=off");
  await row(/Error/).first().waitFor();
  await page.getByRole("button", { name: "Filters" }).click();
  await inspect(world, "logs-phone-dark", 1);
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByRole("button", { name: "Filters" }).click();
  await inspect(world, "logs-phone", 1);
  await row(/Error/).first().click();
  await panel().getByRole("region", { name: "Text of input" }).waitFor();
  await inspect(world, "logs-call-phone", 1);
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.emulateMedia({ colorScheme: "dark" });
  await inspect(world, "logs-call-dark", 1);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: "light" });
});
