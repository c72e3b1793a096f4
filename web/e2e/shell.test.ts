import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect, inspectLarge, shoot } from "./browser";
import { chord, expected } from "./people";
import { newWorld, type World } from "./world";

let world: World;
beforeAll(async () => {
  world = await newWorld();
});
afterAll(() => world?.end());

test("an address that leads nowhere says so and leads back", async () => {
  const answer = await world.page.goto(`${world.server.url}/nowhere/at/all`);
  expect(answer?.status()).toBe(404);
  await world.page.getByRole("heading", { name: "There is no such page" }).waitFor();
  expected(world, 404);
  await world.open("/projects/x/y/z");
  await world.page.getByRole("heading", { name: "There is no such page" }).waitFor();
  await inspect(world, "no-such-page");
  await inspectLarge(world, "no-such-page");
  await world.page.getByRole("link", { name: "To the dashboard" }).click();
  await world.page.waitForURL(`${world.server.url}/`);
});

test("the theme is chosen in the menu of the account and stays", async () => {
  const { page } = world;
  await world.open("/");
  await page.getByRole("button", { name: /Account ada/ }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await page.reload();
  expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  await page.getByRole("button", { name: /Account ada/ }).click();
  await page.getByRole("menuitemradio", { name: "Light" }).click();
  expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
});

test("the keys of the page are listed by one of them", async () => {
  const { page } = world;
  await world.open("/");
  await page.getByRole("button", { name: /Account ada/ }).waitFor();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await help.getByText("Go to projects").waitFor();
  await inspect(world, "shortcuts");
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  await chord(page, "g", "p");
  await page.waitForURL(/\/projects$/);
});

test("on a telephone the menu takes the focus, keeps it, and gives it back", async () => {
  const { page } = world;
  await page.setViewportSize({ width: 360, height: 740 });
  await world.open("/");
  const button = page.getByRole("button", { name: "Open the menu" });
  await button.click();
  await page.locator('[aria-label="Close the menu"]:focus').waitFor();
  await inspect(world, "menu-narrow", 1);
  await page.keyboard.press("Shift+Tab");
  expect(await page.locator("#main :focus, header :focus").count()).toBe(0);
  await page.keyboard.press("Escape");
  await page.locator('[aria-label="Open the menu"]:focus').waitFor();
  await button.click();
  await page.getByRole("link", { name: "Projects", exact: true }).click();
  await page.locator('[aria-label="Open the menu"]:focus').waitFor();
  await page.setViewportSize({ width: 1280, height: 800 });
});

test("a page that a link leads to is named, in the browser's tab and to screen readers", async () => {
  const { page } = world;
  const { slug } = await world.call<{ slug: string }>("POST", "/api/projects", { name: "routes" });
  await world.open(`/projects/${slug}`);
  await page.waitForFunction(() => document.title === "Functions · routes · virga");
  const said = page.locator("[aria-live=polite].sr-only");
  expect(await said.first().textContent()).toBe("");
  await page.getByRole("link", { name: "Routes", exact: true }).click();
  await said.getByText("Routes · routes").waitFor();
  expect(await page.title()).toBe("Routes · routes · virga");
  await page.getByRole("link", { name: "Settings" }).first().click();
  await said.getByText("Profile · Settings").waitFor();
});

test("a server that is away is named, and the page goes on when it is back", async () => {
  const { page, server, troubles } = world;
  const banner = page.getByText("The server cannot be reached. This page goes on");
  await world.open("/");
  await page.getByRole("button", { name: /Account ada/ }).waitFor();
  await server.stop();
  await chord(page, "g", "f"); // a page whose code has not been fetched yet
  await page.getByRole("heading", { name: "This page could not be fetched" }).waitFor();
  await banner.waitFor();
  await shoot(page, "server-away");
  await server.start();
  await page.getByRole("heading", { name: "Functions", exact: true }).waitFor();
  await banner.waitFor({ state: "detached" });
  troubles.length = 0; // the browser names each request that failed meanwhile
});
