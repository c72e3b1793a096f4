import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect } from "./browser";
import { button, expected, heading } from "./people";
import { type Registry, startRegistry } from "./registry";
import { inspectEverywhere } from "./screens";
import { newWorld, type World } from "./world";

let world: World;
let registry: Registry;

beforeAll(async () => {
  registry = await startRegistry();
  world = await newWorld("--pip-index-url", registry.url);
  await world.call("POST", "/api/projects", { name: "Shop" });
});
afterAll(async () => {
  await world?.end();
  await registry?.end();
});

const text = () => world.page.getByLabel("requirements.txt");
const installed = () => world.page.getByRole("table", { name: "Installed Python packages" });
const build = () => world.page.getByRole("region", { name: "Build", exact: true });

test("a package is added by its name, built while one watches, and installed", async () => {
  const { page } = world;
  await world.open("/projects/shop");
  await page.getByRole("navigation", { name: "Project" }).getByRole("link", { name: "Dependencies" }).click();
  await heading(page, "No Python packages are installed");
  await inspectEverywhere(world, "dependencies-empty");
  await page.getByLabel("Add a package").fill("polite");
  await page.keyboard.press("Enter");
  await expect.poll(() => text().inputValue()).toBe("polite\n");
  await page.getByText("Not saved yet").waitFor();
  await text().fill("polite\ngreeting<2\n");
  await page.keyboard.press("Control+s");
  await page.waitForURL(/build=/);
  await build().getByText("Succeeded").waitFor();
  await installed().getByText("greeting").waitFor();
  expect(await installed().getByRole("row").allInnerTexts()).toEqual(
    expect.arrayContaining([expect.stringMatching(/greeting\s+1\.0/), expect.stringMatching(/polite\s+1\.2/)]),
  );
  await expect.poll(() => build().getByRole("log").textContent()).toContain("polite");
  await page.getByText("Not saved yet").waitFor({ state: "detached" });
  await inspectEverywhere(world, "dependencies");
});

test("a build that fails says why, keeps what was typed, and calls keep their packages", async () => {
  const { page } = world;
  await text().fill("polite\nno-such-package\n");
  await button(page, "Save and build").click();
  await build().getByText("Nothing has changed: calls go on with the packages of before.").waitFor();
  await expect.poll(() => build().getByRole("log").textContent()).toContain("no-such-package");
  await inspect(world, "dependencies-failed", 1);
  expect(await text().inputValue()).toBe("polite\nno-such-package\n");
  await installed().getByText("greeting").waitFor();
  await button(page, "Discard").click();
  await expect.poll(() => text().inputValue()).toContain("polite\ngreeting<2");
  await page.getByText("Not saved yet").waitFor({ state: "detached" });
});

test("a line that is not taken is named at the text", async () => {
  const { page } = world;
  await text().fill("polite\n-e .\n");
  await button(page, "Save and build").click();
  await page
    .getByRole("alert")
    .getByText(/line 2/i)
    .waitFor();
  expected(world, 422);
  await inspect(world, "dependencies-refused", 1);
  await button(page, "Discard").click();
});

test("builds have a history, each with an address and its log", async () => {
  const { page } = world;
  const builds = page.getByRole("region", { name: "Builds" });
  await builds
    .getByRole("button", { name: /Succeeded/ })
    .first()
    .click();
  await page.waitForURL(/build=/);
  await page.reload();
  await build().getByText("Succeeded").waitFor();
  await build()
    .getByRole("log")
    .getByText(/polite/)
    .waitFor();
  await button(page, "Close the build").click();
});

test("a build that takes too long is cancelled, and what was typed stays", async () => {
  const { page } = world;
  await text().fill("polite\nendless\n");
  await page.keyboard.press("Control+s");
  await build().getByLabel("Under way").waitFor();
  await build().getByText("Building").waitFor();
  await page.getByText("A build is under way").waitFor();
  await inspectEverywhere(world, "dependencies-building");
  expect(await button(page, "Save and build").isDisabled()).toBe(true);
  await button(page, "Cancel build").click();
  await build().getByText("It was cancelled. Calls go on with the packages of before.").waitFor();
  await page.getByText("Not saved yet").waitFor();
  expect(await text().inputValue()).toBe("polite\nendless\n");
  await installed().getByText("polite").waitFor();
  await button(page, "Discard").click();
  await expect.poll(() => text().inputValue()).toContain("polite\ngreeting<2");
});

test("versions are pinned after a look at what that changes", async () => {
  const { page } = world;
  await button(page, "Pin versions").click();
  const dialog = page.getByRole("dialog", { name: "Pin versions" });
  await dialog.getByText("+ polite==1.2").waitFor();
  await inspect(world, "dependencies-pin", 1);
  await button(page, "Save and build").last().click();
  await dialog.waitFor({ state: "detached" });
  await build().getByText("Succeeded").waitFor();
  await expect.poll(() => text().inputValue()).toContain("polite==1.2");
});

test("a call that lacks a package leads to where it is added, and then has it", async () => {
  const { page } = world;
  await world.call("PUT", "/api/projects/shop/requirements", { requirements_txt: "" });
  const { id } = await world.call<{ id: string }>("GET", "/api/projects/shop");
  const code = "def handler(event):\n    import greeting\n    return greeting.WORD\n";
  const fn = await world.call<{ id: string }>("POST", "/api/functions", { name: "greet", code, project_id: id });
  await world.open(`/functions/${fn.id}`);
  await button(page, /^Call/).click();
  await page
    .getByRole("region", { name: "Problems" })
    .getByRole("link", { name: "Add greeting to the project" })
    .click();
  await page.waitForURL(/dependencies\?add=greeting/);
  await button(page, "Add and build").click();
  await build().getByText("Succeeded").waitFor();
  await page.goBack();
  await button(page, /^Call/).click();
  await page.getByRole("region", { name: "Result" }).getByText("good day").waitFor();
});

test("whoever comes for a package has it with one more click, and the other language is beside", async () => {
  const { page } = world;
  await world.open("/projects/shop/dependencies?add=pg&language=node");
  await expect.poll(() => page.getByLabel("Add a package").inputValue()).toBe("pg");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.getByLabel("package.json").inputValue()).toContain('"pg": "*"');
  await inspectEverywhere(world, "dependencies-node");
});
