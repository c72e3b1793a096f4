/** The code page where things are not as one would wish: no connection, another tab, too much of a text, none at all. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect, paste } from "./browser";
import { signInByForm } from "./people";
import { ada, newWorld, type World } from "./world";

let world: World;
beforeAll(async () => {
  world = await newWorld();
  world.page.on("dialog", (dialog) => void dialog.accept());
});
afterAll(() => world?.end());

const returns = (word: string) => `def handler(event):\n    return {"word": "${word}"}\n`;
const make = (body: object) => world.call<{ id: string }>("POST", "/api/functions", body);
const activeVersion = async (id: string) =>
  (await world.call<{ active_version: number }>("GET", `/api/functions/${id}`)).active_version;
const text = (file: string, page = world.page) => page.getByRole("textbox", { name: file, exact: true });
const part = (name: string) => world.page.getByRole("region", { name, exact: true });

async function open(id: string, file = "main.py") {
  await world.open(`/functions/${id}`);
  await text(file).waitFor({ state: "attached" });
}

async function write(file: string, code: string) {
  await text(file).focus();
  await world.page.keyboard.press("Control+a");
  await paste(world, code);
  await world.page.getByText(/files? not deployed$/).waitFor();
}

const deployed = (version: number) => world.page.getByText(`Version ${version}`, { exact: true }).first().waitFor();

test("a deploy whose answer was lost is none of somebody else's", async () => {
  const { page, troubles } = world;
  const { id } = await make({ name: "lost", code: returns("before") });
  await open(id);
  await page.route(
    `**/api/functions/${id}`,
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await write("main.py", returns("sent twice"));
  await page.keyboard.press("Control+s");
  await page.getByText("The server cannot be reached. Is it running").waitFor();
  await page.keyboard.press("Control+s");
  await page.getByText("1 file not deployed").waitFor({ state: "detached" });
  await deployed(2);
  expect(await page.getByRole("dialog").count()).toBe(0);
  expect(await activeVersion(id)).toBe(2);
  troubles.length = 0;
});

test("another tab that shows the function leaves the draft alone, and follows what is deployed", async () => {
  const { page, context } = world;
  const { id } = await make({ name: "twice", code: returns("first") });
  await open(id);
  const other = await context.newPage();
  await other.goto(page.url());
  await text("main.py", other).waitFor({ state: "attached" });
  await page.bringToFront();
  await write("main.py", returns("drafted"));
  await page.waitForFunction((key) => localStorage.getItem(key) !== null, `virga.draft.${id}`);
  await other.getByRole("link", { name: "Settings", exact: true }).last().click();
  await other.getByRole("heading", { name: "Limits" }).waitFor();
  expect(await page.evaluate((key) => localStorage.getItem(key), `virga.draft.${id}`)).toContain("drafted");
  await other.goBack();
  await other.close();
  await page.keyboard.press("Control+s");
  await deployed(2);
});

test("a draft is what was changed, not all that is there; one that is too large says so", async () => {
  const { page } = world;
  const filler = `words = """\n${"many words of a text\n".repeat(30_000)}"""\n`;
  const { id } = await make({
    name: "large",
    files: [
      { path: "main.py", text: returns("first") },
      { path: "filler.py", text: filler },
    ],
  });
  await open(id);
  await write("main.py", returns("small draft"));
  await page.reload();
  await page.getByText("1 file not deployed").waitFor();
  await page.locator(".view-line", { hasText: "small draft" }).waitFor();
  await page.getByRole("treeitem", { name: "filler.py" }).click();
  await text("filler.py").focus();
  await page.keyboard.type("# ");
  await page.getByText("2 files not deployed").waitFor();
  await page.waitForFunction((key) => localStorage.getItem(key) === null, `virga.draft.${id}`);
  await page.getByRole("link", { name: "Versions" }).click();
  await page.getByRole("dialog").getByText("too large for this browser to keep").waitFor();
  await inspect(world, "code-leave-large", 1);
  await page.getByRole("button", { name: "Discard changes" }).click();
  await page.getByText("Nothing to compare yet").waitFor();
});

test("a text that is too large to be shown is called so, and kept by a deploy", async () => {
  const { page } = world;
  const size = 1024 * 1024 + 1;
  const { id } = await make({
    name: "huge",
    files: [
      { path: "main.py", text: returns("first") },
      { path: "data.txt", text: "x".repeat(size) },
      { path: "logo.png", base64: "iVBORw0KGgo=" },
    ],
  });
  await world.open(`/functions/${id}?file=data.txt`);
  await page.getByText("Too large to edit here").waitFor();
  await inspect(world, "code-too-large");
  await page.getByRole("treeitem", { name: "logo.png" }).click();
  await page.getByText("No text file").waitFor();
  await page.getByRole("treeitem", { name: "logo.png" }).press("F2");
  await page.getByText("logo.png stays where it is").waitFor();
  await page.getByRole("treeitem", { name: "main.py" }).click();
  await write("main.py", returns("second"));
  await page.keyboard.press("Control+s");
  await deployed(2);
  const { files } = await world.call<{ files: object[] }>("GET", `/api/functions/${id}`);
  expect(files).toContainEqual({ path: "data.txt", size, mode: "0644" });
});

test("files are uploaded, texts and others, and one of the same name gives way", async () => {
  const { page } = world;
  const { id } = await make({ name: "uploads", code: returns("first") });
  await open(id);
  const logo = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0]);
  const choose = async (...files: { name: string; mimeType: string; buffer: Buffer }[]) => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Upload files" }).click();
    await (await chooser).setFiles(files);
  };
  await choose({ name: "logo.png", mimeType: "image/png", buffer: logo });
  await page.getByText("logo.png, 5 B, cannot be edited here").waitFor();
  await choose({ name: "main.py", mimeType: "text/x-python", buffer: Buffer.from(returns("uploaded")) });
  await page.locator(".view-line", { hasText: "uploaded" }).waitFor();
  await page.getByText("2 files not deployed").waitFor();
  await inspect(world, "code-uploaded", 1);
  await page.keyboard.press("Control+s");
  await deployed(2);
  const { files } = await world.call<{ files: object[] }>("GET", `/api/functions/${id}`);
  expect(files).toContainEqual({ path: "logo.png", size: logo.length, mode: "0644" });
  await page.keyboard.press("Control+Enter");
  await part("Result").getByText('"uploaded"').waitFor();
  await write("main.py", returns("third"));
  await page.keyboard.press("Control+s");
  await deployed(3);
});

test("more than the server takes is refused in its own words, and stays in the editor", async () => {
  const { page, troubles } = world;
  const { id } = await make({ name: "too-much", code: returns("first") });
  await open(id);
  await write("main.py", `${returns("second")}# ${"x".repeat(7 * 1024 * 1024)}\n`);
  await page.keyboard.press("Control+s");
  await page.getByRole("alert").getByText("Content Too Large").waitFor();
  await inspect({ ...world, troubles: [] }, "code-too-much", 1);
  troubles.length = 0; // the browser names the refusal
  await page.getByText("1 file not deployed").waitFor();
  expect(await activeVersion(id)).toBe(1);
});

const node = (code: string) => `exports.handler = async (event, context) => {\n  ${code}\n};\n`;

test("JavaScript has its problems inline: what does not parse, what is missing, what is thrown", async () => {
  const { page } = world;
  const { id } = await make({ name: "script", runtime: "nodejs", code: node("return { hello: event.name };") });
  await open(id, "index.js");
  const marked = (words: string) => page.locator(".virga-problem-text", { hasText: words }).waitFor();
  await write("index.js", node("return { hello: ;"));
  await page.keyboard.press("Control+s");
  await page.getByText("Version 2 does not load").waitFor();
  await marked("Unexpected token ';'");
  await page.locator(".squiggly-error").waitFor();
  await inspect(world, "code-node-broken");
  await write("index.js", `const lodash = require("lodash");\n${node("return lodash.now();")}`);
  await page.keyboard.press("Control+s");
  await marked("Cannot find module 'lodash'");
  await write("index.js", node("return event.prices.map(String);"));
  await page.keyboard.press("Control+s");
  await deployed(4);
  await page.keyboard.press("Control+Enter");
  await marked("Cannot read properties of undefined");
  await part("Error")
    .getByRole("button", { name: /index\.js:2/ })
    .click();
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("index.js");
});

test("JavaScript has its words: event, context and ways to begin", async () => {
  const { page } = world;
  const { id } = await make({ name: "words", runtime: "nodejs", code: "// words\n" });
  await open(id, "index.js");
  await write("index.js", "exports.handler = async (event, context) => {\n  return ");
  await page.keyboard.type("event.que");
  const list = page.locator(".suggest-widget.visible");
  await list.getByText("query", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.type(" + context.getRem");
  await list.getByText("getRemainingTimeInMillis", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".view-line", { hasText: "event.query + context.getRemainingTimeInMillis()" }).waitFor();
});

test("by keyboard alone: into the code, out of it, and through the files", async () => {
  const { page } = world;
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  const { id } = await make({
    name: "keys",
    files: [
      { path: "main.py", text: returns("first") },
      { path: "lib/a.py", text: "" },
      { path: "lib/b.py", text: "" },
    ],
  });
  await open(id);
  await text("main.py").focus();
  await page.keyboard.press("Control+m");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Input");
  await page.keyboard.press("Shift+Tab");
  expect(await focused()).toBe("main.py");
  await page.getByRole("treeitem", { name: "main.py" }).focus();
  await page.keyboard.press("Home");
  expect(await focused()).toBe("lib");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Delete");
  expect(await focused()).toBe("b.py");
  await page.keyboard.press("Delete");
  expect(await focused()).toBe("main.py");
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("In the code: let Tab leave, and back").waitFor();
  await inspect(world, "code-keys", 1);
});

test("whoever is signed out meanwhile signs in and goes on with what was typed", async () => {
  const { page, context, troubles } = world;
  const { id } = await make({ name: "signed-out", code: returns("before") });
  await open(id);
  await write("main.py", returns("typed"));
  await context.clearCookies();
  await page.keyboard.press("Control+s");
  await signInByForm(page, ada.name, ada.password);
  await page.getByText("1 file not deployed").waitFor();
  await page.locator(".view-line", { hasText: "typed" }).waitFor();
  troubles.length = 0; // the browser names the requests that were refused
});

test("without a connection nothing is lost, and the same key deploys once it is back", async () => {
  const { page, server, troubles } = world;
  const { id } = await make({ name: "away", code: returns("before") });
  await open(id);
  await server.stop();
  await write("main.py", returns("offline"));
  await page.keyboard.press("Control+s");
  await page.getByText("The server cannot be reached. Is it running").waitFor();
  await page.getByText("This page goes on by itself").waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByRole("region", { name: "Test" }).getByText("The server cannot be reached").waitFor();
  await inspect({ ...world, troubles: [] }, "code-offline");
  await server.start();
  await page.getByText("This page goes on by itself").waitFor({ state: "detached" });
  await text("main.py").focus();
  await page.keyboard.press("Control+s");
  await deployed(2);
  await page.keyboard.press("Control+Enter");
  await part("Result").getByText('"offline"').waitFor();
  expect(await page.getByText("The server cannot be reached").count()).toBe(0);
  troubles.length = 0; // the browser names each request that failed meanwhile
});
