import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barsOf, rangeOf, type Series, type Span, spans } from "../src/components/stats/span";
import { inspect, layoutShift, newViewer, signIn } from "./browser";
import { ada, newWorld, type World } from "./world";

const code = `def handler(event):
    if event.get("fail"):
        raise ValueError("the stock is empty")
    return {"hello": event.get("name", "world")}
`;

let world: World;
let project: string;
let greet: string;

beforeAll(async () => {
  world = await newWorld();
});
afterAll(() => world?.end());

const card = (page: Page, name: string) =>
  page.locator("section").filter({ has: page.getByRole("heading", { name, exact: true }) });

const invoke = (id: string, input: object = {}) => world.call("POST", `/api/invoke/${id}`, { input });

async function seed() {
  const made = await world.call<{ id: string }>("POST", "/api/projects", { name: "Shop" });
  project = made.id;
  const fn = await world.call<{ id: string }>("POST", "/api/functions", { name: "greet", code, project_id: project });
  greet = fn.id;
}

/** What a chart of calls should show now. An hour may have ended since the first of them. */
async function barsNow(span: Span) {
  const query = Object.entries(rangeOf(span)).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const { points } = await world.call<Series>("GET", `/api/stats/series?${query.join("&")}`);
  return barsOf(points, spans[span].bar);
}

/** What its name says of the highest of them. */
async function mostNow(span: Span) {
  const bars = await barsNow(span);
  const most = (which: "calls" | "errors") => Math.max(...bars.map((bar) => bar[which]));
  return `Calls at most ${most("calls")}, Errors at most ${most("errors")}`;
}

async function withTheme(theme: "light" | "dark", run: () => Promise<void>) {
  await world.page.evaluate((chosen) => localStorage.setItem("virga.theme", chosen), theme);
  await run();
  await world.page.evaluate(() => localStorage.removeItem("virga.theme"));
}

async function narrow(run: () => Promise<void>) {
  await world.page.setViewportSize({ width: 360, height: 740 });
  await run();
  await world.page.setViewportSize({ width: 1280, height: 800 });
}

test("a newcomer is led to the first call", async () => {
  const { page } = world;
  await world.open("/");
  await page.getByRole("heading", { name: "From nothing to the first call" }).waitFor();
  await page.getByText(`virga login ${world.server.url}`).waitFor();
  await page.getByText("Sandboxes").waitFor();
  await inspect(world, "dashboard-new");
  await narrow(() => inspect(world, "dashboard-new-narrow"));
  await page.getByRole("link", { name: "New project" }).click();
  await page.waitForURL(/\/projects\/new$/);
});

test("what is done already is marked", async () => {
  const { page } = world;
  await seed();
  await world.open("/");
  await page.getByRole("heading", { name: "Write a function (done)" }).waitFor();
  await page.getByRole("heading", { name: "Make a project (done)" }).waitFor();
  await page.getByText("1 function, no calls yet").waitFor();
  await inspect(world, "dashboard-first-function");
});

test("a function that was never called has no metrics yet, and says how to get some", async () => {
  const { page } = world;
  await world.open(`/functions/${greet}/metrics`);
  await page.getByRole("heading", { name: "No calls in the last 24 hours" }).waitFor();
  await inspect(world, "metrics-none");
  await page.getByRole("button", { name: "Look at 7 days" }).click();
  await page.getByRole("heading", { name: "No calls in the last 7 days" }).waitFor();
  expect(page.url()).toContain("span=7d");
});

test("the dashboard tells calls, failures, durations and the state of the server", async () => {
  const { page } = world;
  for (let n = 0; n < 8; n++) await invoke(greet, { name: `n${n}` });
  for (let n = 0; n < 2; n++) await invoke(greet, { fail: true });
  await world.open("/?span=1h");
  await card(page, "Errors").getByText("80 % successful").waitFor();
  await page.getByText(/1 function · 10 calls of all time/).waitFor();
  await card(page, "Recent projects").getByText("1 function").waitFor();
  await card(page, "Recent failures").getByText("the stock is empty").first().waitFor();
  await card(page, "Server").getByText("Running").waitFor();
  await page.locator(".uplot canvas").nth(1).waitFor();
  await inspect(world, "dashboard");
  await page.getByText("Sandboxes").scrollIntoViewIfNeeded();
  await inspect(world, "dashboard-below");
});

test("numbers move by themselves after more calls", async () => {
  const { page } = world;
  await invoke(greet);
  await page.getByText(/11 calls of all time/).waitFor();
  await card(page, "Errors").getByText("81.8 % successful").waitFor();
});

test("the span is in the address and changes what is shown", async () => {
  const { page } = world;
  await page.getByRole("radio", { name: "7 days" }).click();
  const chart = page.getByRole("slider", { name: /^Calls in the last 7 days/ });
  await expect
    .poll(async () => (await chart.getAttribute("aria-label")) === `Calls in the last 7 days: ${await mostNow("7d")}`)
    .toBe(true);
  await page.waitForURL(/span=7d/);
  await page.reload();
  await page.getByRole("slider", { name: /^Durations in the last 7 days/ }).waitFor();
  expect(await page.getByRole("radio", { name: "7 days" }).getAttribute("aria-checked")).toBe("true");
});

test("arrow keys move the crosshair of a chart and tell its values", async () => {
  const { page } = world;
  await world.open("/?span=24h");
  const chart = page.getByRole("slider", { name: /^Calls in the last 24 hours/ });
  /** The bar that the crosshair is at, and what that should tell. */
  const told = async () => {
    const at = Number(await chart.getAttribute("aria-valuenow"));
    const { calls, errors } = (await barsNow("24h"))[at] ?? {};
    const text = await chart.getAttribute("aria-valuetext");
    return { at, right: text?.endsWith(`: Calls ${calls}, Errors ${errors}`) };
  };
  await chart.focus();
  await page.keyboard.press("End");
  await expect.poll(told).toEqual({ at: 23, right: true });
  await page.getByText("Errors", { exact: true }).nth(2).waitFor();
  await inspect(world, "dashboard-crosshair");
  await page.keyboard.press("ArrowLeft");
  await expect.poll(told).toEqual({ at: 22, right: true });
  const bars = await barsNow("24h");
  const sum = (which: "calls" | "errors") => bars.reduce((all, bar) => all + bar[which], 0);
  expect([sum("calls"), sum("errors")]).toEqual([11, 2]);
  const cells = bars.filter(({ calls }) => calls > 0).flatMap(({ calls, errors }) => [String(calls), String(errors)]);
  const table = page.getByRole("table", { name: "Calls in the last 24 hours" });
  expect(await table.getByRole("cell").allTextContents()).toEqual(cells);
});

test("the dashboard is as usable in the dark and on a telephone", async () => {
  const { page } = world;
  await withTheme("dark", async () => {
    await world.open("/?span=1h");
    await page.locator(".uplot canvas").nth(1).waitFor();
    await card(page, "Recent failures").getByRole("link", { name: /greet/ }).first().waitFor();
    await inspect(world, "dashboard-dark");
  });
  await narrow(async () => {
    await world.open("/?span=1h");
    await page.locator(".uplot canvas").nth(1).waitFor();
    await inspect(world, "dashboard-narrow");
    await page.locator(".uplot").first().scrollIntoViewIfNeeded();
    await inspect(world, "dashboard-narrow-charts");
    await page.getByText("Sandboxes").scrollIntoViewIfNeeded();
    await inspect(world, "dashboard-narrow-below");
  });
});

test("letters that come late move nothing", async () => {
  const viewer = await newViewer(world.browser, { viewport: { width: 360, height: 740 } });
  await signIn(viewer, world.server.url, ada.name, ada.password);
  let late = 0;
  await viewer.page.route(/\.woff2$/, async (route) => {
    await viewer.page.getByRole("radiogroup", { name: "Span of time" }).waitFor();
    late++;
    await route.continue();
  });
  await viewer.page.goto(world.server.url, { waitUntil: "commit" });
  await expect.poll(() => late).toBeGreaterThan(0);
  await viewer.page.evaluate(() => document.fonts.ready);
  await viewer.page.locator(".uplot canvas").first().waitFor();
  expect(await layoutShift(viewer.page)).toBeLessThan(0.05);
  await viewer.context.close();
});

test("how well functions are kept apart is told check by check", async () => {
  const { page } = world;
  await world.open("/");
  await card(page, "Server")
    .getByRole("button", { name: /Full|Weaker/ })
    .click();
  const dialog = page.getByRole("dialog", { name: "Isolation" });
  await dialog.getByText("syscall filter").waitFor();
  expect(page.url()).toContain("show=isolation");
  await inspect(world, "dashboard-isolation");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(page.url()).not.toContain("show=");
});

test("a failure leads to its record", async () => {
  const { page } = world;
  await card(page, "Recent failures").getByRole("link", { name: /greet/ }).first().click();
  await page.waitForURL(new RegExp(`/functions/${greet}/logs\\?call=`));
});

test("metrics of a function and of a project", async () => {
  const { page } = world;
  await world.open(`/functions/${greet}/metrics?span=1h`);
  await page.getByRole("link", { name: /Error 2 calls/ }).waitFor();
  await page.getByRole("slider", { name: /^Cold starts in the last hour/ }).waitFor();
  await inspect(world, "metrics-function");
  await page.getByRole("heading", { name: "How calls ended" }).scrollIntoViewIfNeeded();
  await inspect(world, "metrics-function-below");
  await withTheme("dark", async () => {
    await world.open(`/projects/${project}/metrics`);
    await card(page, "Calls").getByText("11", { exact: true }).first().waitFor();
    await page.locator(".uplot canvas").nth(2).waitFor();
    await inspect(world, "metrics-project-dark");
  });
  await narrow(async () => {
    await world.open(`/projects/${project}/metrics`);
    await page.locator(".uplot canvas").nth(2).waitFor();
    await inspect(world, "metrics-narrow");
    await page.getByRole("heading", { name: "How calls ended" }).scrollIntoViewIfNeeded();
    await inspect(world, "metrics-narrow-below");
  });
});
