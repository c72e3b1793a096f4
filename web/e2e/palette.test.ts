import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect } from "./browser";
import { newWorld, type World } from "./world";

let world: World;
let project: { id: string };
let fn: string;
beforeAll(async () => {
  world = await newWorld();
  project = await world.call("POST", "/api/projects", { name: "Shop window" });
  for (const name of ["send-mail", "resize image"])
    fn = (
      await world.call<{ id: string }>("POST", "/api/functions", {
        name,
        code: "def handler(event):\n    return 1\n",
        project_id: project.id,
      })
    ).id;
  await world.open("/");
  await world.page.getByRole("link", { name: "Projects" }).first().waitFor();
});
afterAll(() => world?.end());

async function find(text: string) {
  await world.page.keyboard.press("Control+k");
  await world.page.getByRole("combobox", { name: "Find anything" }).fill(text);
}

test("Ctrl+K shows projects, functions and actions before a word is written", async () => {
  await find("");
  for (const name of [/^Shop window/, /send-mail/, /resize image/, /New function/, /Dark theme/])
    await world.page.getByRole("option", { name }).waitFor();
  await inspect(world, "palette");
  await world.page.keyboard.press("Escape");
});

test("a function is found by a part of its name and opened by Enter", async () => {
  await find("IMAGE");
  await world.page.getByRole("option", { name: /resize image/ }).waitFor();
  await expect.poll(() => world.page.getByRole("option", { name: /send-mail/ }).count()).toBe(0);
  await world.page.keyboard.press("Enter");
  await world.page.waitForURL(/\/functions\/[0-9a-z]{20,}$/);
});

test("a project is found by its slug", async () => {
  await find("shop-w");
  await world.page.getByRole("option", { name: /Shop window/ }).waitFor();
  await world.page.keyboard.press("Enter");
  await world.page.waitForURL(`**/projects/${project.id}`);
});

test("every tab of the project or function in sight is an action", async () => {
  const { page } = world;
  for (const [path, tabs, group] of [
    [`/projects/${project.id}`, "Project", "This project"],
    [`/functions/${fn}`, "Function", "This function"],
  ] as const) {
    await world.open(path);
    const links = page.getByRole("navigation", { name: tabs, exact: true }).getByRole("link");
    await links.first().waitFor();
    const names = await links.allInnerTexts();
    await find("");
    const items = page.getByRole("group", { name: group }).getByRole("option");
    await items.first().waitFor();
    const offered = await items.allInnerTexts();
    for (const name of names)
      expect(offered.some((each) => each.endsWith(name) || each.endsWith(name.toLowerCase()))).toBe(true);
    await page.keyboard.press("Escape");
  }
});

test("actions are run, and what has no match says so", async () => {
  await find("dark th");
  await world.page.keyboard.press("Enter");
  await expect.poll(() => world.page.locator("html").getAttribute("data-theme")).toBe("dark");
  await find("xyzzy");
  await world.page.getByText("Nothing has this name.").waitFor();
  await inspect(world, "palette-dark");
});
