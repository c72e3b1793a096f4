import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect, newViewer, signIn, type Viewer } from "./browser";
import { newWorld, type World } from "./world";

const bob = { name: "bob", password: "quite another battery", email: "bob@example.com" };

let world: World;
let other: Viewer;

beforeAll(async () => {
  world = await newWorld("--registration", "open");
  const made = await fetch(`${world.server.url}/api/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(bob),
  });
  expect(made.status, await made.text()).toBe(200);
  other = await newViewer(world.browser);
  await signIn(other, world.server.url, bob.name, bob.password);
});
afterAll(() => world?.end());

/** The page as it is, in the dark, and on a telephone. */
async function inspectEverywhere(name: string, height = 800) {
  const { page } = world;
  const look = async (as: string, theme: string, width: number, tall: number) => {
    await page.setViewportSize({ width, height: tall });
    await page.evaluate((chosen) => localStorage.setItem("virga.theme", chosen), theme);
    await page.reload();
    await page.locator("#main h1").waitFor();
    await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
    await inspect(world, as);
  };
  await look(`${name}-dark`, "dark", 1280, 800);
  await look(`${name}-narrow`, "light", 360, 740);
  await look(name, "light", 1280, height);
  await page.setViewportSize({ width: 1280, height: 800 });
}

test("the first project is made, with the slug that was foretold", async () => {
  const { page } = world;
  await world.open("/projects");
  await page.getByRole("heading", { name: "No projects yet" }).waitFor();
  await inspect(world, "projects-empty");
  await page.locator("#main").getByRole("link", { name: "New project" }).first().click();
  await page.getByRole("button", { name: "Create project" }).click();
  await page.getByRole("alert").waitFor();
  world.troubles.length = 0; // the browser names the request that was refused
  await page.getByLabel("Name").fill("Web Shop");
  await page.getByText("/api/gateway/web-shop").waitFor();
  await page.getByLabel("Description").fill("All that the shop needs: its catalogue, the cart and the till.");
  await inspectEverywhere("project-new");
  await page.getByLabel("Name").fill("Web Shop");
  await page.getByLabel("Description").fill("All that the shop needs: its catalogue, the cart and the till.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/projects\/web-shop$/);
  await page.getByRole("heading", { name: "Web Shop", level: 1 }).waitFor();
  await page.getByText(`${world.server.url}/api/gateway/web-shop`).waitFor();
});

test("a tab that is drawn before its project is known takes the focus, so that no key is lost", async () => {
  const { page } = world;
  let release = () => {};
  const released = new Promise<void>((done) => {
    release = done;
  });
  await page.route("**/api/projects/web-shop", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(`${world.server.url}/projects/web-shop/environment`, { waitUntil: "commit" });
  const tab = page.getByRole("navigation", { name: "Project" }).getByRole("link", { name: "Routes" });
  await tab.waitFor();
  await tab.focus();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Routes");
  release();
  await page.getByRole("heading", { name: "Web Shop", level: 1 }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/web-shop\/routes$/);
  await page.unroute("**/api/projects/web-shop");
});

test("projects are found and sorted, and the address says how", async () => {
  const { page } = world;
  const more: [string, string][] = [
    ["Weather", "Forecasts for the balcony"],
    ["Accounts", ""],
    ["A name that is longer than any card could ever be wide, even on large screens", "Long"],
  ];
  for (const [name, description] of more) await world.call("POST", "/api/projects", { name, description });
  await world.call("PUT", "/api/projects/accounts", { status: "inactive" });
  await world.open("/projects");
  await page.getByRole("heading", { name: "Accounts", level: 2 }).waitFor();
  await inspectEverywhere("projects");
  await page.getByLabel("Sort by").selectOption("By name");
  await page.waitForURL(/sort=name/);
  await page.locator("#main li").last().filter({ hasText: "Web Shop" }).waitFor();
  await page.locator("#main li").first().filter({ hasText: "A name that is longer" }).waitFor();
  await page.getByLabel("Search projects").fill("balcony fore");
  await page.waitForURL(/q=balcony/);
  await page.getByRole("heading", { name: "Accounts" }).waitFor({ state: "detached" });
  expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual(["Weather"]);
  await page.reload();
  await page.getByRole("heading", { name: "Weather" }).waitFor();
  await page.getByLabel("Search projects").fill("nothing of the kind");
  await page.getByRole("heading", { name: "No project matches" }).waitFor();
  await inspect(world, "projects-none-found");
  await page.getByRole("button", { name: "Show all projects" }).click();
  await page.getByRole("link", { name: "Web Shop" }).click();
  await page.waitForURL(/\/projects\/web-shop$/);
});

test("a secret is set, reaches the next call, and shows only when it is asked for", async () => {
  const { page } = world;
  const code = 'import os\ndef handler(event):\n    return os.environ.get("TOKEN")\n';
  const { id: project_id } = await world.call<{ id: string }>("GET", "/api/projects/web-shop");
  const fn = await world.call<{ id: string }>("POST", "/api/functions", { name: "env", code, project_id });
  await world.open("/projects/web-shop");
  await page.getByRole("navigation", { name: "Project" }).getByRole("link", { name: "Environment" }).click();
  await page.getByRole("heading", { name: "No variables yet" }).waitFor();
  await inspect(world, "environment-empty");
  await page.getByRole("button", { name: "Add variable" }).click();
  await page.getByLabel("Key").fill("PATH");
  await page.getByRole("textbox", { name: "Value" }).fill("s3cret-value");
  await page.keyboard.press("Tab");
  await page.getByRole("form", { name: "Add a variable" }).getByRole("button", { name: "Add variable" }).click();
  await page.getByText("'PATH' is reserved").waitFor();
  await inspect({ ...world, troubles: [] }, "environment-refused", 1);
  world.troubles.length = 0;
  await page.getByLabel("Key").fill("TOKEN");
  await page.keyboard.press("Enter");
  const row = page.getByRole("row", { name: /TOKEN/ });
  await row.getByText("Secret").waitFor();
  expect(await page.content()).not.toContain("s3cret-value");
  const reply = await world.call<{ output: unknown }>("POST", `/api/invoke/${fn.id}`, { input: {} });
  expect(JSON.stringify(reply)).toContain("s3cret-value");
  await row.getByRole("button", { name: "Reveal TOKEN" }).click();
  await row.getByText("s3cret-value").waitFor();
  await row.getByRole("button", { name: "Hide TOKEN" }).click();
  await row.getByText("s3cret-value").waitFor({ state: "detached" });
});

test("a .env file is looked at before it changes anything", async () => {
  const { page } = world;
  await world.call("POST", "/api/projects/web-shop/env", { key: "MODE", value: "test", is_secret: false });
  await world.open("/projects/web-shop/environment");
  await page.getByRole("button", { name: "Paste .env" }).click();
  await page
    .getByLabel("Text")
    .fill('# the shop\nMODE=production\nSMTP_URL="smtp://mail.example.com" # mail\nthis is nothing\n');
  const plan = page.getByRole("list", { name: "What changes" });
  await plan.getByText("New value").waitFor();
  await page.getByText("Line 4 is not KEY=value").waitFor();
  await page.getByText("1 other variable stays as it is").waitFor();
  await inspect(world, "environment-paste", 1);
  await page.getByRole("button", { name: "Change 2 variables" }).click();
  await page.getByText("Changed 2 variables").waitFor();
  await page.getByRole("row", { name: /MODE production/ }).waitFor();
  await inspectEverywhere("environment");
  await page.getByRole("button", { name: "Reveal TOKEN" }).click();
  await page.getByText("s3cret-value").waitFor(); // the one that was not touched is what it was
  await page.getByRole("button", { name: "Change MODE" }).click();
  await page.waitForURL(/edit=MODE/);
  await page.getByRole("textbox", { name: "Value" }).fill("staging\nof two lines");
  await inspect(world, "environment-edit", 1);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /MODE staging/ }).waitFor();
  await page.locator('[aria-label="Change MODE"]:focus').waitFor();
  await page.getByRole("button", { name: "Delete MODE" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete variable" }).click();
  await page.getByRole("row", { name: /MODE/ }).waitFor({ state: "detached" });
});

test("members come, change and go, but never the last owner", async () => {
  const { page } = world;
  await world.open("/projects/web-shop/members");
  await page.getByRole("row", { name: /ada/ }).waitFor();
  await page.getByLabel("Name or e-mail address").fill("nobody");
  await page.getByRole("button", { name: "Add member" }).click();
  await page.getByText("Account not found").waitFor();
  await page.getByRole("row", { name: /ada/ }).getByRole("button", { name: "Leave" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Leave project" }).click();
  await page.getByText("A project needs an owner").waitFor();
  await inspect({ ...world, troubles: [] }, "members-last-owner", 1);
  await page.getByRole("button", { name: "Cancel" }).click();
  world.troubles.length = 0;
  await page.getByLabel("Name or e-mail address").fill("bob");
  await page.getByRole("combobox", { name: "Role", exact: true }).selectOption("Editor");
  await page.getByRole("button", { name: "Add member" }).click();
  await page.getByText("bob is a member now").waitFor();
  const saved = page.waitForResponse((reply) => reply.request().method() === "PUT" && reply.ok());
  await page.getByLabel("Role of bob").selectOption("Viewer");
  await saved;
  await inspectEverywhere("members");
});

test("a viewer sees the project and is told what it takes to change it", async () => {
  const { page } = other;
  const open = (path: string) => page.goto(world.server.url + path);
  await open("/projects/web-shop/environment");
  await page.getByText("You are a viewer of this project").waitFor();
  await page.getByRole("row", { name: /TOKEN/ }).waitFor();
  expect(await page.getByRole("button", { name: /Reveal|Delete|Change|Add/ }).count()).toBe(0);
  await inspect(other, "viewer-environment");
  await open("/projects/web-shop/routes");
  await page.getByText("editors add and change its routes").waitFor();
  expect(await page.getByRole("button", { name: /Add route|New function/ }).count()).toBe(0);
  await open("/projects/web-shop/members");
  await page.getByText("Only owners add members").waitFor();
  await page.getByRole("row", { name: /bob/ }).waitFor();
  await inspect(other, "viewer-members");
  await open("/projects/web-shop/settings");
  await page.getByText("You are a viewer of this project").waitFor();
  await page.getByText("No domain yet").waitFor();
  expect(await page.getByRole("button", { name: "Save" }).count()).toBe(0);
  await inspect(other, "viewer-settings");
  await open("/projects/web-shop/members");
  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Leave project" }).click();
  await page.waitForURL(/\/projects$/);
  await page.getByRole("heading", { name: "No projects yet" }).waitFor();
  await open("/projects/web-shop");
  await page.getByText("Project not found").waitFor();
});

test("a project is renamed, switched, opened to other origins and given a domain", async () => {
  const { page } = world;
  await world.open("/projects/web-shop/settings");
  await page.getByText("revealed the secret").first().waitFor();
  await inspectEverywhere("settings", 2000);
  await page.getByLabel("Name").fill("Shop");
  await page.getByText("The routes move from").waitFor();
  await page.getByRole("form", { name: "General" }).getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/\/projects\/shop\/settings$/);
  await page.getByRole("switch", { name: "Active" }).click();
  await page.getByText("Inactive", { exact: true }).waitFor();
  const cors = page.getByRole("form", { name: "CORS" });
  await cors.getByRole("switch", { name: /pages of other origins/ }).click();
  await cors.getByRole("switch", { name: "Credentials" }).click();
  await cors.getByRole("button", { name: "Save" }).click();
  await page.getByText("with credentials '*' is not allowed").waitFor();
  await cors.getByRole("switch", { name: "Any origin" }).click();
  await cors.getByRole("textbox", { name: "Origins" }).fill("https://app.example.com\nhttps://b.example.com/path");
  await cors.getByRole("button", { name: "Save" }).click();
  await page.getByText("https://b.example.com/path: ").waitFor();
  await cors.scrollIntoViewIfNeeded();
  await inspect({ ...world, troubles: [] }, "settings-cors", 1);
  world.troubles.length = 0;
  await cors.getByRole("textbox", { name: "Origins" }).fill("https://app.example.com");
  await cors.getByRole("button", { name: "Save" }).click();
  await expect
    .poll(() => world.call<{ cors: unknown; status: string }>("GET", "/api/projects/shop"))
    .toMatchObject({ status: "inactive", cors: { origins: ["https://app.example.com"], credentials: true } });
  await page.getByLabel("Add a domain").fill("shop");
  await page.getByRole("button", { name: "Add domain" }).click();
  await page.getByText("a domain is a host name").waitFor();
  world.troubles.length = 0;
  await page.getByLabel("Add a domain").fill("shop.example.com");
  await page.getByRole("button", { name: "Add domain" }).click();
  await page.getByRole("button", { name: "Remove shop.example.com" }).scrollIntoViewIfNeeded();
  await inspect(world, "settings-domains", 1);
  await page.getByRole("button", { name: "Remove shop.example.com" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove domain" }).click();
  await page.getByText("No domain yet").waitFor();
});

test("a project is deleted when its name is typed", async () => {
  const { page } = world;
  await world.open("/projects/shop/settings");
  await page.getByRole("button", { name: "Delete project" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete Shop?" });
  expect(await dialog.getByRole("button", { name: "Delete project" }).isDisabled()).toBe(true);
  await inspect(world, "settings-delete", 1);
  await dialog.getByRole("textbox").fill("Shop");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/projects$/);
  await page.getByText("Deleted Shop").waitFor();
  await page.getByRole("link", { name: "Weather" }).waitFor();
  expect(await page.getByRole("link", { name: "Shop", exact: true }).count()).toBe(0);
  expect(world.troubles).toEqual([]);
});
