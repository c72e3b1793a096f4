import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect, shoot } from "./browser";
import { newWorld, type World } from "./world";

let world: World;
beforeAll(async () => {
  world = await newWorld();
});
afterAll(() => world?.end());

test("an address that leads nowhere says so and leads back", async () => {
  await world.open("/projects/x/y/z");
  await world.page.getByRole("heading", { name: "There is no such page" }).waitFor();
  await inspect(world, "no-such-page");
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
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).getByText("Go to projects").waitFor();
  await inspect(world, "shortcuts");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.waitForURL(/\/projects$/);
});

test("a server that is away is named, and the page goes on when it is back", async () => {
  const { page, server, troubles } = world;
  const banner = page.getByText("The server cannot be reached. This page goes on");
  await world.open("/");
  await page.getByRole("button", { name: /Account ada/ }).waitFor();
  await server.stop();
  await page.keyboard.press("g");
  await page.keyboard.press("f"); // a page whose code has not been fetched yet
  await page.getByRole("heading", { name: "This page could not be fetched" }).waitFor();
  await banner.waitFor();
  await shoot(page, "server-away");
  await server.start();
  await page.getByRole("heading", { name: "Functions", exact: true }).waitFor();
  await banner.waitFor({ state: "detached" });
  troubles.length = 0; // the browser names each request that failed meanwhile
});
