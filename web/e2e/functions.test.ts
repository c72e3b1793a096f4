import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect } from "./browser";
import { newWorld, type World } from "./world";

interface Fn {
  id: string;
  name: string;
  status: string;
  description: string;
  project_id: string | null;
  active_version: number;
  access: string;
  limits: { memory_mb: number; timeout_ms: number };
  environment: Record<string, string>;
}

interface Called {
  success: boolean;
  output: { message?: string; done?: number; statusCode?: number; mode?: string };
}

let world: World;
let project: { id: string; slug: string };

const stored = (id: string) => world.call<Fn>("GET", `/api/functions/${id}`);
const invoke = async (id: string, input: unknown) =>
  (await world.call<Called>("POST", `/api/invoke/${id}`, { input })).output;

/** The page of the function that is now in sight. */
async function idInUrl(): Promise<string> {
  await world.page.waitForURL(/\/functions\/[0-9a-f]{24}/);
  return /functions\/([0-9a-f]+)/.exec(world.page.url())?.[1] ?? "";
}

async function openFunction(id: string, tab = "") {
  await world.open(`/functions/${id}${tab}`);
  await world.page.getByRole("navigation", { name: "Function" }).waitFor();
}

/** Of the settings, which are saved one card at a time. */
const section = (name: string) => world.page.getByRole("region", { name, exact: true });

beforeAll(async () => {
  world = await newWorld();
  project = await world.call("POST", "/api/projects", { name: "Shop" });
  await world.call("POST", "/api/projects", { name: "Attic" });
});
afterAll(() => world?.end());

test("without functions the page leads to the first one", async () => {
  const { page } = world;
  await world.open("/functions");
  await page.getByRole("heading", { name: "No functions yet" }).waitFor();
  await inspect(world, "functions-none");
  await page.getByRole("link", { name: "New function" }).first().click();
  await page.getByRole("heading", { name: "New function" }).waitFor();
});

const inputs: Record<string, [object, (output: Called["output"]) => unknown, unknown]> = {
  Hello: [{ name: "Ada" }, (output) => output.message, "Hello, Ada"],
  "HTTP API": [{ method: "POST", path: "/greetings", body: 1 }, (output) => output.statusCode, 201],
  "Scheduled job": [{ from: 190 }, (output) => output.done, 10],
  "JSON validation": [{ email: "ada@example.com", age: 7 }, (output) => output.statusCode, 200],
};

test.each(["Python", "JavaScript"])("every template in %s makes a function that works", async (runtime) => {
  const { page } = world;
  for (const [template, [input, part, expected]] of Object.entries(inputs)) {
    await world.open("/functions/new");
    const name = `${template} ${runtime}`;
    await page.getByRole("textbox", { name: "Name" }).fill(name);
    await page.getByRole("radio", { name: runtime }).check();
    await page.getByRole("radio", { name: template }).check();
    await page.getByRole("region", { name: `template ${template}` }).waitFor();
    if (template === "Hello") await inspect(world, `function-new-${runtime}`);
    await page.getByRole("button", { name: "Create function" }).click();
    const id = await idInUrl();
    await page.getByRole("heading", { name }).waitFor();
    expect(part(await invoke(id, input)), name).toEqual(expected);
  }
});

test("what does not fit is said at its field, and nothing typed is lost", async () => {
  const { page, troubles } = world;
  await world.open(`/projects/${project.slug}/functions/new`);
  const name = page.getByRole("textbox", { name: "Name" });
  await name.fill("no/such name");
  expect(await page.getByRole("combobox", { name: "Project" }).inputValue()).toBe(project.id);
  await page.getByRole("button", { name: "Create function" }).click();
  await page.getByText("1 to 64 letters").waitFor();
  expect(await name.inputValue()).toBe("no/such name");
  troubles.length = 0; // the browser names the refusal
  await inspect(world, "function-new-refused");
  await name.fill("cart");
  await page.keyboard.press("Enter");
  const id = await idInUrl();
  expect((await stored(id)).project_id).toBe(project.id);
});

test("a program of one's own is deployed with the command line", async () => {
  const { page } = world;
  await world.open("/functions/new");
  await page.getByRole("radio", { name: "Own program" }).check();
  await page.getByText("virga deploy ./my-function").waitFor();
  expect(await page.getByRole("button", { name: "Create function" }).count()).toBe(0);
  await inspect(world, "function-new-provided");
});

test("the list is searched, filtered and sorted, and its state has an address", async () => {
  const { page } = world;
  await world.open("/functions");
  await page.getByRole("link", { name: "cart", exact: true }).waitFor();
  await inspect(world, "functions");
  await page.getByRole("searchbox").fill("HELLO");
  await page.getByRole("link", { name: "cart", exact: true }).waitFor({ state: "detached" });
  expect(await page.getByRole("link", { name: /^Hello / }).count()).toBe(2);
  expect(page.url()).toContain("q=HELLO");
  await page.getByRole("searchbox").fill("no such");
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByRole("combobox", { name: "Project" }).selectOption("Shop");
  await page.getByText("1 function", { exact: true }).waitFor();
  await page.reload();
  await page.getByText("1 function", { exact: true }).waitFor();
  await page.getByRole("combobox", { name: "Project" }).selectOption("In no project");
  await page.getByText("8 functions", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Name" }).click();
  await page.getByRole("columnheader", { name: "Name" }).and(page.locator('[aria-sort="ascending"]')).waitFor();
  expect(await page.getByRole("row").nth(1).textContent()).toContain("Hello JavaScript");
});

test("the tab of a project lists its own functions", async () => {
  const { page } = world;
  await world.open(`/projects/${project.slug}`);
  await page.getByRole("link", { name: "cart", exact: true }).waitFor();
  await page.getByText("1 function", { exact: true }).waitFor();
  await inspect(world, "project-functions");
  expect(await page.getByRole("link", { name: "New function" }).getAttribute("href")).toContain(project.slug);
});

test("an address with the name of a function leads to the one with its id", async () => {
  const { page } = world;
  await openFunction("cart", "/settings?x=1");
  const id = await idInUrl();
  expect(page.url()).toBe(`${world.server.url}/functions/${id}/settings?x=1`);
});

test("a function that is not there says so", async () => {
  const { page, troubles } = world;
  await world.open("/functions/nobody/settings");
  await page.getByText("Function not found").waitFor();
  troubles.length = 0; // the browser names the refusal
});

const run = promisify(execFile);

test("ready code calls the function, directly and by its route", async () => {
  const { page } = world;
  const { id } = await stored("cart");
  await world.call("POST", `/api/projects/${project.id}/routes`, {
    function_id: id,
    method: "ANY",
    path: "/hello/:who",
  });
  await openFunction(id);
  await page.getByText(`POST ${world.server.url}/api/invoke/${id}`).waitFor();
  await inspect(world, "function");
  await page.getByRole("button", { name: "Use" }).click();
  const code = async (language: string) => {
    await page.getByRole("radio", { name: language, exact: true }).click();
    return (await page.getByRole("region", { name: `${language} code` }).textContent()) ?? "";
  };
  await inspect(world, "function-use");
  expect(JSON.parse((await run("sh", ["-c", await code("curl")])).stdout).output).toEqual({ message: "Hello, Ada" });
  expect((await run("python3", ["-c", await code("Python")])).stdout).toContain("Hello, Ada");
  expect((await run("node", ["--input-type=module", "-e", await code("JavaScript")])).stdout).toContain("Hello, Ada");
  expect(await code("virga")).toContain(`virga invoke cart '{"name": "Ada"}'`);
  await page.getByRole("radio", { name: "ANY /hello/:who" }).check();
  expect((await run("sh", ["-c", await code("curl")])).stdout).toBe('{"message":"Hello, world"}');
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("code for a function that wants a key leaves a place for it", async () => {
  const { page } = world;
  const { id } = await world.call<Fn>("POST", "/api/functions", {
    name: "locked",
    access: "key",
    code: "def handler(event):\n    return {'message': event['name']}\n",
  });
  const { key } = await world.call<{ key: string }>("POST", "/api/keys", { name: "caller", scopes: ["invoke"] });
  await world.open(`/functions/${id}?use=yes`);
  const code = (await page.getByRole("region", { name: "curl code" }).textContent()) ?? "";
  const { stdout } = await run("sh", ["-c", code], { env: { ...process.env, VIRGA_KEY: key } });
  expect(JSON.parse(stdout).output).toEqual({ message: "Ada" });
  await page.getByRole("link", { name: "Make a key" }).waitFor();
});

test("limits are saved together; one that does not fit is named at its field", async () => {
  const { page, troubles } = world;
  const { id } = await stored("cart");
  await openFunction(id, "/settings");
  await inspect(world, "function-settings");
  const limits = section("Limits");
  await limits.getByLabel("Memory").fill("15");
  await limits.getByText("Not saved yet").waitFor();
  await limits.getByRole("button", { name: "Save" }).click();
  await limits.getByText("memory_mb should be from 16 to 16384").waitFor();
  troubles.length = 0; // the browser names the refusal
  await limits.scrollIntoViewIfNeeded();
  await inspect(world, "function-settings-refused", 1);
  await limits.getByLabel("Memory").fill("256");
  await limits.getByLabel("Timeout").fill("5000");
  await page.keyboard.press("Enter");
  await page.getByText("Limits: saved").waitFor();
  expect((await stored(id)).limits).toMatchObject({ memory_mb: 256, timeout_ms: 5000 });
  expect(await limits.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
});

test("unsaved settings are not lost by accident", async () => {
  const { page } = world;
  const { id } = await stored("cart");
  await openFunction(id, "/settings");
  await section("General").getByLabel("Description").fill("What is bought");
  await page.getByRole("link", { name: "Versions" }).click();
  const ask = page.getByRole("dialog", { name: "Leave without saving?" });
  await ask.waitFor();
  await inspect(world, "function-settings-leave");
  await ask.getByRole("button", { name: "Cancel" }).click();
  expect(await section("General").getByLabel("Description").inputValue()).toBe("What is bought");
  await section("General").getByLabel("Name").fill("basket");
  await section("General").getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "basket", level: 1 }).waitFor();
  expect(await stored(id)).toMatchObject({ name: "basket", description: "What is bought" });
  await page.getByRole("link", { name: "Versions" }).click();
  await page.waitForURL(/\/versions$/);
});

test("variables of the function are masked, kept, replaced and removed", async () => {
  const { page } = world;
  const { id } = await world.call<Fn>("POST", "/api/functions", {
    name: "moody",
    code: "import os\ndef handler(event):\n    return {'mode': os.environ.get('MODE'), 'key': os.environ.get('API_KEY')}\n",
    environment: { API_KEY: "old", GONE: "x" },
  });
  await openFunction(id, "/settings");
  const variables = section("Variables");
  await variables.getByRole("button", { name: "Add a variable" }).click();
  await variables.getByPlaceholder("NAME").last().fill("MODE");
  await variables.getByPlaceholder("value").fill("quiet");
  await variables.getByRole("button", { name: "Remove GONE" }).click();
  await variables.scrollIntoViewIfNeeded();
  await inspect(world, "function-settings-variables", 1);
  await variables.getByRole("button", { name: "Save" }).click();
  await page.getByText("Variables: saved").waitFor();
  expect((await stored(id)).environment).toEqual({ API_KEY: "****", MODE: "****" });
  expect(await invoke(id, {})).toEqual({ mode: "quiet", key: "old" });
});

test("access is chosen, and a server without network for functions says so", async () => {
  const { page } = world;
  const { id } = await stored("moody");
  await openFunction(id, "/settings");
  await page.getByText("This server gives functions no network").waitFor();
  expect(await page.getByRole("switch", { name: "Network" }).isDisabled()).toBe(true);
  await section("Access").getByRole("radio", { name: "Private" }).check();
  await section("Access").scrollIntoViewIfNeeded();
  await inspect(world, "function-settings-access", 1);
  await section("Access").getByRole("button", { name: "Save" }).click();
  await page.getByText("Access: saved").waitFor();
  expect((await stored(id)).access).toBe("private");
});

test("an inactive function takes no calls", async () => {
  const { page } = world;
  const { id } = await stored("moody");
  await openFunction(id);
  await page.getByRole("switch", { name: "Active" }).click();
  await expect.poll(async () => (await stored(id)).status).toBe("inactive");
  await expect(invoke(id, {})).rejects.toThrow("Function is not active");
  await page.getByRole("switch", { name: "Active" }).click();
  await expect.poll(async () => (await stored(id)).status).toBe("active");
});

test("a function moves to a project, has a copy made, and goes once its name is typed", async () => {
  const { page } = world;
  const { id } = await stored("moody");
  await openFunction(id);
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Move to another project" }).click();
  await page.getByRole("dialog").getByLabel("Project").selectOption("Shop");
  await page.getByRole("dialog").getByRole("button", { name: "Move" }).click();
  await page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link", { name: "Shop" }).waitFor();
  expect((await stored(id)).project_id).toBe(project.id);

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Duplicate" }).click();
  await page.getByRole("dialog").getByText("stay behind").waitFor();
  await inspect(world, "function-duplicate");
  await page.getByRole("dialog").getByRole("button", { name: "Duplicate" }).click();
  await page.getByRole("heading", { name: "moody-copy" }).waitFor();
  const copy = await stored(await idInUrl());
  expect(copy).toMatchObject({ name: "moody-copy", access: "private", project_id: project.id });

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete moody-copy" });
  expect(await dialog.getByRole("button", { name: "Delete function" }).isDisabled()).toBe(true);
  await inspect(world, "function-delete");
  await dialog.getByRole("textbox").fill("moody-copy");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/projects\//);
  await expect(stored(copy.id)).rejects.toThrow("404");
  await page.getByRole("link", { name: "moody", exact: true }).waitFor();
  expect(await page.getByRole("link", { name: "moody-copy" }).count()).toBe(0);
  expect(world.troubles).toEqual([]);
});

test("the list fetches more as one scrolls, and keeps few rows in the page", async () => {
  const { page } = world;
  const make = (n: number) => world.call("POST", "/api/functions", { name: `many-${n}`, code: "" });
  for (let n = 0; n < 230; n += 23) await Promise.all(Array.from({ length: 23 }, (_, at) => make(n + at)));
  await world.open("/functions?q=many");
  await page.getByText("The newest 100 functions").waitFor();
  const body = page.getByRole("table", { name: "Functions" }).getByRole("rowgroup").last();
  const toEnd = () => body.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
  await toEnd();
  await page.getByText("The newest 200 functions").waitFor();
  await toEnd();
  await page.getByText("230 functions", { exact: true }).waitFor();
  await toEnd();
  await page.getByRole("link", { name: "many-0", exact: true }).waitFor();
  expect(await page.getByRole("row").count()).toBeLessThan(60);
  await inspect(world, "functions-many");
});

const pages = [
  "/functions",
  "/functions/new?template=http&runtime=nodejs",
  "/functions/basket/settings",
  "/functions/basket?use=yes",
];

test.each(["dark", "narrow"])("every page looks right: %s", async (look) => {
  const { page } = world;
  if (look === "dark") await page.emulateMedia({ colorScheme: "dark" });
  else await page.setViewportSize({ width: 360, height: 740 });
  for (const [at, path] of pages.entries()) {
    await world.open(path);
    if (path.includes("use")) await page.getByRole("region", { name: "curl code" }).waitFor();
    else await page.getByRole("heading", { level: 1 }).waitFor();
    if (path.includes("settings")) await section("Limits").waitFor();
    if (at === 0) await page.getByRole("row").nth(5).waitFor();
    await inspect(world, `functions-${look}-${at}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
});
