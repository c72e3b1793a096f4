import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect, newViewer, signIn } from "./browser";
import { ada, newWorld, type World } from "./world";

let world: World;
let fn: { id: string };
const main = (n: number) => `from lib.prices import double\n\n\ndef handler(event):\n    return {"n": double(${n})}\n`;
const prices = "def double(n):\n    return n * 2\n";

beforeAll(async () => {
  world = await newWorld();
  const put = (files: object[]) => world.call("PUT", `/api/functions/${fn.id}`, { files });
  fn = await world.call("POST", "/api/functions", { name: "hello", code: "def handler(event):\n    return 1\n" });
  await put([
    { path: "main.py", text: main(1) },
    { path: "lib/prices.py", text: prices },
    { path: "notes.txt", text: "to do\n" },
  ]);
  await put([
    { path: "main.py", text: main(2) },
    { path: "lib/prices.py", text: prices },
    { path: "logo.png", base64: "iVBORw0KGgo=" },
  ]);
});
afterAll(() => world?.end());

const row = (version: number) =>
  world.page.getByRole("listitem").filter({ has: world.page.getByRole("heading", { name: `Version ${version}` }) });
const active = async () =>
  (await world.call<{ active_version: number }>("GET", `/api/functions/${fn.id}`)).active_version;

test("the active version is compared with the one before", async () => {
  const { page } = world;
  await world.open(`/functions/${fn.id}/versions`);
  await page.locator(".view-line", { hasText: "double(2)" }).first().waitFor();
  const files = page.getByRole("list", { name: "Files that differ" });
  await files.getByRole("button", { name: "logo.png Added" }).waitFor();
  await files.getByRole("button", { name: "notes.txt Removed" }).waitFor();
  await inspect(world, "versions");
  await files.getByRole("button", { name: "logo.png Added" }).click();
  await page.getByText("logo.png is no text: not there before, 8 B after.").waitFor();
  await inspect(world, "versions-no-text");
});

test("any two are compared, and the address says which", async () => {
  const { page } = world;
  await page.getByRole("combobox", { name: "From" }).selectOption("1");
  await page.getByRole("radio", { name: "Side by side" }).click();
  await page.getByRole("list", { name: "Files that differ" }).getByRole("button", { name: "main.py Changed" }).click();
  await page.locator(".view-line", { hasText: "return 1" }).first().waitFor();
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
    from: "1",
    to: "3",
    file: "main.py",
    view: "side",
  });
  await inspect(world, "versions-side-by-side");
  await row(2).getByRole("button", { name: "Show changes of version 2" }).click();
  await page.getByRole("button", { name: "lib/prices.py Added" }).waitFor();
});

test("one click rolls back, and one takes that back", async () => {
  const { page } = world;
  await page.getByRole("button", { name: "Roll back to version 1" }).click();
  await page.getByText("Version 1 is active.").waitFor();
  expect(await active()).toBe(1);
  await row(1).getByText("Active", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await row(3).getByText("Active", { exact: true }).waitFor();
  expect(await active()).toBe(3);
});

test("a file that is no text is kept by a deploy", async () => {
  const { page } = world;
  await world.open(`/functions/${fn.id}?file=logo.png`);
  await page.getByText("No text file").waitFor();
  await inspect(world, "code-no-text");
  await page.getByRole("treeitem", { name: "main.py" }).click();
  await page.getByRole("textbox", { name: "main.py", exact: true }).focus();
  await page.keyboard.type("# ");
  await page.getByText("1 file not deployed").waitFor();
  await page.keyboard.press("Control+s");
  await page.getByText("Version 4", { exact: true }).waitFor();
  const { files } = await world.call<{ files: object[] }>("GET", `/api/functions/${fn.id}`);
  expect(files).toContainEqual({ path: "logo.png", size: 8, mode: "0644" });
});

test("versions in the dark and on a telephone", async () => {
  const { page } = world;
  await page.evaluate(() => localStorage.setItem("virga.theme", "dark"));
  await page.goto(`${world.server.url}/functions/${fn.id}/versions?from=1&to=3&file=main.py`);
  await page.locator(".view-line", { hasText: "double(2)" }).first().waitFor();
  await inspect(world, "versions-dark");
  const phone = await newViewer(world.browser, { viewport: { width: 360, height: 740 } });
  await signIn(phone, world.server.url, ada.name, ada.password);
  await phone.page.goto(`${world.server.url}/functions/${fn.id}/versions?from=2&to=3&file=main.py`);
  await phone.page.locator(".view-line", { hasText: "double(2)" }).first().waitFor();
  await inspect(phone, "versions-phone");
  await phone.page.locator(".monaco-diff-editor").scrollIntoViewIfNeeded();
  await inspect(phone, "versions-phone-below", 1);
  await phone.context.close();
});

test("a function with one version has nothing to compare", async () => {
  const one = await world.call<{ id: string }>("POST", "/api/functions", { name: "one", code: prices });
  await world.open(`/functions/${one.id}/versions`);
  await world.page.getByText("Nothing to compare yet").waitFor();
  await inspect(world, "versions-one");
});

test("a short list on a telephone moves nothing as it comes", async () => {
  const { page } = world;
  const two = await world.call<{ id: string }>("POST", "/api/functions", { name: "two", code: main(1) });
  await world.call("PUT", `/api/functions/${two.id}`, { code: main(2) });
  await page.setViewportSize({ width: 360, height: 740 });
  await world.open(`/functions/${two.id}/versions`);
  await page.locator(".view-line", { hasText: "double(2)" }).first().waitFor();
  await inspect(world, "versions-two-phone");
});
