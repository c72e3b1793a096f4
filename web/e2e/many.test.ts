/** Thousands of projects: the rows near the window are in the page, and all of them are found. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect } from "./browser";
import { newWorld, type World } from "./world";

const count = 3000;

let world: World;
beforeAll(async () => {
  world = await newWorld();
  await world.server.api("POST", "/api/projects", { name: "The very first" });
  let made = 1;
  const make = async () => {
    while (made < count) await world.server.api("POST", "/api/projects", { name: `Project ${++made}` });
  };
  await Promise.all(Array.from({ length: 32 }, make));
});
afterAll(() => world?.end());

const list = (page: Page) => page.getByRole("list", { name: "Projects" });
const cards = (page: Page) => list(page).getByRole("listitem");

/** Which of all projects the first and the last card in the page are, and how tall the list is. */
const inPage = (page: Page) =>
  list(page).evaluate((element) => ({
    first: Number(element.firstElementChild?.getAttribute("aria-posinset")),
    last: Number(element.lastElementChild?.getAttribute("aria-posinset")),
    size: Number(element.firstElementChild?.getAttribute("aria-setsize")),
    height: Math.round(element.getBoundingClientRect().height),
  }));

const columns = { 1280: 3, 360: 1, 3840: 7 };

test.each([1280, 360, 3840] as const)(
  "only what is near a window of %i px is in the page, and all can be scrolled to",
  async (width) => {
    const { page } = world;
    await page.setViewportSize({ width, height: 800 });
    await world.open("/projects");
    await expect.poll(async () => (await inPage(page)).size).toBe(count);
    expect(await cards(page).count()).toBeLessThan(150);
    await inspect(world, `projects-many-${width}`);
    const rows = Math.ceil(count / columns[width]);
    expect((await inPage(page)).height / rows).toBeGreaterThan(90);
    await page.keyboard.press("End");
    await expect.poll(async () => (await inPage(page)).last).toBe(count);
    await cards(page).last().getByRole("heading", { name: "The very first" }).waitFor();
    await page.mouse.wheel(0, -60_000);
    await expect.poll(async () => (await inPage(page)).last).toBeLessThan(count);
    await expect.poll(() => cards(page).count()).toBeLessThan(150);
  },
);

test("Tab goes on from card to card beyond those that were there at first", async () => {
  const { page } = world;
  await page.setViewportSize({ width: 1280, height: 800 });
  await world.open("/projects");
  await expect.poll(async () => (await inPage(page)).size).toBe(count);
  const { last } = await inPage(page);
  await cards(page).first().getByRole("link").focus();
  for (let at = 1; at < last + 10; at++) await page.keyboard.press("Tab");
  const focused = page.locator("li:focus-within");
  expect(await focused.getAttribute("aria-posinset")).toBe(String(last + 10));
  expect(await focused.evaluate((card) => card.getBoundingClientRect().bottom <= innerHeight)).toBe(true);
});

test("the oldest of all is found, opened, and one comes back to the place where one was", async () => {
  const { page } = world;
  await world.open("/projects");
  await page.getByLabel("Search projects").fill("very first");
  await page.getByRole("heading", { name: "The very first", level: 2 }).waitFor();
  await page.getByLabel("Search projects").fill("no such thing");
  await page.getByRole("heading", { name: "No project matches" }).waitFor();
  await page.getByRole("button", { name: "Show all projects" }).click();
  await cards(page).first().waitFor();
  await page.evaluate(() => scrollTo(0, 40_000));
  await expect.poll(async () => (await inPage(page)).first).toBeGreaterThan(300);
  const link = cards(page).nth(24).getByRole("link");
  const name = (await link.textContent()) ?? "";
  await link.click();
  await page.getByRole("heading", { name, level: 1, exact: true }).waitFor();
  await page.goBack();
  await cards(page).getByRole("heading", { name, exact: true }).waitFor();
  expect(await page.evaluate(() => scrollY)).toBeGreaterThan(35_000);
});

test("a project beyond the first thousand is known to the palette, and to the page of its function", async () => {
  const { page } = world;
  const oldest = await world.call<{ id: string }>("GET", "/api/projects/the-very-first");
  const code = "def handler(event):\n    return 1\n";
  const made = { name: "far", code, project_id: oldest.id };
  const fn = await world.call<{ id: string }>("POST", "/api/functions", made);
  await world.open(`/functions/${fn.id}/settings`);
  await page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link", { name: "The very first" }).waitFor();
  expect(await page.getByLabel("Project", { exact: true }).inputValue()).toBe(oldest.id);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find anything" }).fill("very-fi");
  await page
    .getByRole("option", { name: /The very first/ })
    .first()
    .waitFor();
  await page.keyboard.press("Escape");
});

test("of many routes those near the window are in the page, and what is typed in one stays", async () => {
  const { page } = world;
  const { id } = await world.call<{ id: string }>("GET", "/api/projects/project-3000");
  const code = "def handler(event):\n    return 1\n";
  const fn = await world.call<{ id: string }>("POST", "/api/functions", { name: "routed", code, project_id: id });
  const route = (at: number) => ({ method: "GET", path: `/r${String(at).padStart(3, "0")}`, function_id: fn.id });
  const make = (at: number) => world.server.api("POST", `/api/projects/${id}/routes`, route(at));
  await Promise.all(Array.from({ length: 300 }, (_, at) => make(at)));
  await world.open(`/projects/${id}/routes`);
  const rows = page.getByRole("table", { name: "Routes" }).getByRole("row");
  await rows.filter({ hasText: "/r000" }).waitFor();
  expect(await rows.count()).toBeLessThan(60);
  await inspect(world, "routes-many");
  await page.getByRole("button", { name: "Change GET /r003" }).click();
  await page.getByLabel("Description").fill("not saved yet");
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await rows.filter({ hasText: "/r299" }).waitFor();
  expect(await page.getByLabel("Description").inputValue()).toBe("not saved yet");
  await page.keyboard.press("Escape");
});

test("the audit log goes on as one scrolls, and keeps few lines in the page", async () => {
  const { page } = world;
  await world.open("/settings/audit");
  const lines = page.getByRole("list", { name: "Audit log" }).getByRole("listitem");
  await lines.first().waitFor();
  const size = async () => Number(await lines.first().getAttribute("aria-setsize"));
  for (const more of [150, 350, 550]) {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await expect.poll(size).toBeGreaterThan(more);
  }
  expect(await lines.count()).toBeLessThan(80);
  await page.evaluate(() => scrollTo(0, 0));
  await page
    .getByRole("heading", { name: /^(Today|Yesterday)$/ }) // midnight may have been meanwhile
    .first()
    .waitFor();
  expect(await lines.count()).toBeLessThan(80);
  await inspect(world, "audit-many", 1);
});
