import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect, paste } from "./browser";
import { newWorld, type World } from "./world";

let world: World;
let fn: { id: string };
const first = 'def handler(event):\n    return {"hello": event["name"]}\n';
beforeAll(async () => {
  world = await newWorld();
  fn = await world.call("POST", "/api/functions", { name: "hello", code: first });
  world.page.on("dialog", (dialog) => void dialog.accept()); // the browser's own: leave the page
  await world.open(`/functions/${fn.id}`);
});
afterAll(() => world?.end());

const text = (file: string): Locator => world.page.getByRole("textbox", { name: file, exact: true });
const part = (name: string) => world.page.getByRole("region", { name, exact: true });
const button = (name: string | RegExp) => world.page.getByRole("button", { name, exact: true });
const seen = (words: string | RegExp) => world.page.getByText(words).first().waitFor();

/** Replaces all of a file, as one who pastes it. */
async function write(file: string, code: string) {
  await text(file).focus();
  await world.page.keyboard.press("Control+a");
  await paste(world, code);
}

async function deploy(version: number) {
  await world.page.keyboard.press("Control+s");
  await world.page.getByText(`Version ${version}`, { exact: true }).first().waitFor();
}

const active = () => world.call<{ active_version: number; code: string }>("GET", `/api/functions/${fn.id}`);

test("a call shows its result, its log and where its time went", async () => {
  await text("main.py").waitFor({ state: "attached" });
  await inspect(world, "code");
  await world.page.keyboard.press("Control+Enter");
  await part("Result").getByText('"Ada"').waitFor();
  await part("Time and memory").waitFor();
  await inspect(world, "code-called");
});

test("what is typed is deployed with Ctrl+S and answers the next call", async () => {
  const { page } = world;
  await text("main.py").focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.type('import sys\n\ndef handler(event):\nprint("on my way")\nreturn {"good": 2 + 3}\n', {
    delay: 25,
  });
  await page.getByText("1 file not deployed").waitFor();
  await page.getByText("Version 1, without your changes").waitFor();
  await deploy(2);
  await page.getByText(/Loads in/).waitFor();
  await page.keyboard.press("Control+Enter");
  await part("Result").getByText('"good"').waitFor();
  await part("Standard output").getByText("on my way").waitFor();
  await part("Calls made here").waitFor();
  await inspect(world, "code-deployed");
});

test("what does not load is marked where it fails, and rolled back by one click", async () => {
  const { page } = world;
  await write("main.py", "import json\n\ndef handler(event):\n    return json.dumps((event\n");
  await deploy(3);
  await seen("Version 3 does not load: calls fail now.");
  await page.locator(".virga-problem-text", { hasText: "was never closed" }).waitFor();
  await page.locator(".squiggly-error").waitFor();
  await inspect(world, "code-broken");
  await text("main.py").press("Control+Home");
  await part("Problems").getByRole("button").click();
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("main.py");
  await button("Roll back to version 2").click();
  await seen("Version 2 answers calls again.");
  expect((await active()).active_version).toBe(2);
  await page.getByText("1 file not deployed").waitFor(); // the broken code is still there
  await button("Discard").click();
  await page.getByText("1 file not deployed").waitFor({ state: "detached" });
  await page.locator(".view-line", { hasText: "on my way" }).waitFor();
});

test("an exception of a call is marked too, and its traceback leads to the line", async () => {
  const { page } = world;
  await write("main.py", "# prices\n\n\ndef handler(event):\n    return event['price'] * 2\n");
  await deploy(4);
  await page.keyboard.press("Control+Enter");
  await part("Error").getByText("KeyError: 'price'").first().waitFor();
  await page.locator(".virga-problem-text", { hasText: "KeyError" }).waitFor();
  await inspect(world, "code-exception");
  await text("main.py").press("Control+Home");
  await part("Error")
    .getByRole("button", { name: /main\.py", line 5/ })
    .click();
  await page.keyboard.type("X");
  await page.locator(".view-line", { hasText: "X    return" }).waitFor();
  await page.keyboard.press("Control+z");
});

test("a second file is added, imported, renamed and removed", async () => {
  const { page } = world;
  await button("New file").click();
  await page.keyboard.type("lib/prices.py");
  await page.keyboard.press("Enter");
  await text("lib/prices.py").waitFor({ state: "attached" });
  await write("lib/prices.py", "def double(n):\n    return n * 2\n");
  await page.getByRole("treeitem", { name: "main.py" }).click();
  await write("main.py", "from lib.prices import double\n\ndef handler(event):\n    return {'doubled': double(21)}\n");
  await page.getByText("2 files not deployed").waitFor();
  await deploy(5);
  await page.keyboard.press("Control+Enter");
  await part("Result").getByText("42").waitFor();
  await inspect(world, "code-files");
  await page.getByRole("treeitem", { name: "prices.py" }).focus();
  await page.keyboard.press("F2");
  await page.getByRole("dialog").getByRole("textbox").fill("main.py");
  await page.keyboard.press("Enter");
  await seen("There is a file of this name already");
  await inspect(world, "code-rename");
  await page.getByRole("dialog").getByRole("textbox").fill("lib/costs.py");
  await page.keyboard.press("Enter");
  await page.getByRole("treeitem", { name: "costs.py, not deployed" }).focus();
  await page.keyboard.press("Delete");
  await page.getByRole("treeitem", { name: "lib" }).waitFor({ state: "detached" });
  await button("Put back").click();
  await page.getByRole("treeitem", { name: "costs.py, not deployed" }).waitFor();
  await button("Discard").click();
  await page.getByRole("treeitem", { name: "prices.py" }).waitFor();
});

test("drafts survive a reload, and leaving with one asks", async () => {
  const { page } = world;
  await write("main.py", "def handler(event):\n    return 'a draft'\n");
  await page.getByText("1 file not deployed").waitFor();
  await page.reload();
  await page.getByText("1 file not deployed").waitFor();
  await page.locator(".view-line", { hasText: "a draft" }).waitFor();
  await page.getByRole("link", { name: "Versions" }).click();
  await page.getByRole("dialog", { name: "Leave without deploying?" }).waitFor();
  await inspect(world, "code-leave");
  await button("Go on editing").click();
  expect(new URL(page.url()).pathname).toBe(`/functions/${fn.id}`);
});

/** In the page: the names of text areas as they come into it. */
function watchNames() {
  const names: (string | null)[] = [];
  new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes]))
      if (node instanceof Element)
        for (const area of node.querySelectorAll("textarea")) names.push(area.getAttribute("aria-label"));
  }).observe(document, { subtree: true, childList: true });
  Object.assign(window, { names });
}

test("when somebody deployed meanwhile, both are shown and the writer chooses", async () => {
  const { page } = world;
  await world.call("PUT", `/api/functions/${fn.id}`, { code: "def handler(event):\n    return 'theirs'\n" });
  await text("main.py").focus();
  await page.keyboard.press("Control+s");
  await page.getByRole("dialog", { name: "Version 6 was deployed meanwhile" }).waitFor();
  world.troubles.length = 0; // the browser names the request that was refused
  await page.evaluate(watchNames);
  await button("See the difference").click();
  await page.getByRole("dialog").locator(".view-line", { hasText: "theirs" }).first().waitFor();
  await page.getByRole("dialog").locator(".view-line", { hasText: "a draft" }).first().waitFor();
  expect(await page.evaluate(() => (window as unknown as { names: string[] }).names)).not.toContain("");
  await inspect(world, "code-conflict");
  await button("Take theirs").click();
  await page.locator(".view-line", { hasText: "theirs" }).waitFor();
  await button("Undo").click();
  await page.locator(".view-line", { hasText: "a draft" }).waitFor();
  await page.keyboard.press("Control+s");
  await button("Deploy mine over it").click();
  await page.getByText("Version 7", { exact: true }).waitFor();
  world.troubles.length = 0;
  expect((await active()).code).toContain("a draft");
});

test("inputs are saved with the function, and what is no JSON says so before it is sent", async () => {
  const { page } = world;
  await write("Input, JSON", '{"name": }');
  await page
    .getByRole("alert")
    .getByText(/Line 1, column 10/)
    .waitFor();
  expect(await button("Call").isDisabled()).toBe(true);
  await inspect(world, "code-input-wrong");
  await write("Input, JSON", '{"name": "Cy"}');
  await button("Actions for the input").click();
  await page.getByRole("menuitem", { name: "Save as…" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("a new customer");
  await page.keyboard.press("Enter");
  const input = page.getByRole("combobox", { name: "Input" });
  await expect.poll(() => input.inputValue()).toBe("s:a new customer");
  await input.selectOption({ label: "Gateway request" });
  await page.locator(".view-line", { hasText: "rawPath" }).waitFor();
  await input.selectOption({ label: "a new customer" });
  await page.reload();
  await expect.poll(() => input.inputValue()).toBe("s:a new customer");
  await button("Actions for the input").click();
  await page.getByRole("menuitem", { name: "Remove a new customer" }).click();
  await seen("a new customer is removed.");
});

test("event and context are completed and explained", async () => {
  const { page } = world;
  await text("main.py").waitFor({ state: "attached" });
  await write("main.py", "def handler(event, context):\n    return ");
  await page.keyboard.type("event.");
  const list = page.locator(".suggest-widget.visible");
  await list.getByText("multiQuery", { exact: true }).waitFor();
  await page.keyboard.type("meth");
  await list.getByText("method", { exact: true }).waitFor();
  await inspect(world, "code-completion");
  await page.keyboard.press("Enter");
  await page.locator(".view-line", { hasText: 'event["method"]' }).waitFor();
  await page.keyboard.type(" + context.get_rem");
  await list.getByText("get_remaining_time_in_millis", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".view-line", { hasText: "context.get_remaining_time_in_millis()" }).waitFor();
});

test("the code page in the dark and on a telephone", async () => {
  const { page } = world;
  await button("Discard").click();
  await page.evaluate(() => localStorage.setItem("virga.theme", "dark"));
  await write("main.py", "import os\n\n# prices\ndef handler(event, context):\n    return {'n': 1 / 0, 'a': \"b\"}\n");
  await deploy(8);
  await page.keyboard.press("Control+Enter");
  await part("Error").getByText("ZeroDivisionError").first().waitFor();
  await page.reload();
  await page.locator(".view-line", { hasText: "prices" }).waitFor();
  await page.keyboard.press("Control+Enter");
  await part("Time and memory").waitFor();
  await inspect(world, "code-dark");
  await page.setViewportSize({ width: 360, height: 740 });
  await inspect(world, "code-phone", 1); // the window itself was made smaller
  await part("Time and memory").scrollIntoViewIfNeeded();
  await inspect(world, "code-phone-called", 1);
  await page.setViewportSize({ width: 900, height: 740 });
  await inspect(world, "code-tablet", 1);
});
