import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect } from "./browser";
import { type Called, choose, type Functions, functionsOf } from "./functions";
import { newWorld, type World } from "./world";

let world: World;
let project: { id: string; slug: string };
let functions: Functions;

beforeAll(async () => {
  world = await newWorld();
  functions = functionsOf(world);
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
    await choose(page.getByRole("radio", { name: runtime }));
    await choose(page.getByRole("radio", { name: template }));
    await page.getByRole("region", { name: `template ${template}` }).waitFor();
    if (template === "Hello") await inspect(world, `function-new-${runtime}`);
    await page.getByRole("button", { name: "Create function" }).click();
    const id = await functions.idInUrl();
    await page.getByRole("heading", { name }).waitFor();
    expect(part(await functions.invoke(id, input)), name).toEqual(expected);
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
  const id = await functions.idInUrl();
  expect((await functions.stored(id)).project_id).toBe(project.id);
});

test("a program of one's own is deployed with the command line", async () => {
  const { page } = world;
  await world.open("/functions/new");
  await choose(page.getByRole("radio", { name: "Own program" }));
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
  await page.waitForURL(/q=HELLO/);
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
  await functions.open("cart", "/settings?x=1");
  const id = await functions.idInUrl();
  expect(page.url()).toBe(`${world.server.url}/functions/${id}/settings?x=1`);
});

test("a function that is not there says so", async () => {
  const { page, troubles } = world;
  await world.open("/functions/nobody/settings");
  await page.getByText("Function not found").waitFor();
  troubles.length = 0; // the browser names the refusal
});

test("ready code is there for the function and for its routes", async () => {
  const { page } = world;
  const { id } = await functions.stored("cart");
  await world.call("POST", `/api/projects/${project.id}/routes`, {
    function_id: id,
    method: "ANY",
    path: "/hello/:who",
  });
  await functions.open(id);
  await page.getByText(`POST ${world.server.url}/api/invoke/${id}`).waitFor();
  await inspect(world, "function");
  await page.getByRole("button", { name: "Use" }).click();
  await page.getByRole("region", { name: "curl code" }).getByText(`/api/invoke/${id}`).waitFor();
  await inspect(world, "function-use");
  await choose(page.getByRole("radio", { name: "ANY /hello/:who" }));
  await page.getByRole("region", { name: "curl code" }).getByText("/hello/WHO").waitFor();
  expect(await page.getByRole("radio", { name: "virga", exact: true }).count()).toBe(0);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("a function moves to a project, has a copy made, and goes once its name is typed", async () => {
  const { page } = world;
  const { id } = await functions.make({ name: "moody", access: "private", environment: { MODE: "x" }, code: "" });
  await functions.open(id);
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Move to another project" }).click();
  await page.getByRole("dialog").getByLabel("Project").selectOption("Shop");
  await page.getByRole("dialog").getByRole("button", { name: "Move" }).click();
  await page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link", { name: "Shop" }).waitFor();
  expect((await functions.stored(id)).project_id).toBe(project.id);

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Duplicate" }).click();
  await page.getByRole("dialog").getByText("stay behind").waitFor();
  await inspect(world, "function-duplicate");
  await page.getByRole("dialog").getByRole("button", { name: "Duplicate" }).click();
  await page.getByRole("heading", { name: "moody-copy" }).waitFor();
  const copy = await functions.stored(await functions.idInUrl());
  expect(copy).toMatchObject({ name: "moody-copy", access: "private", project_id: project.id });

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete moody-copy" });
  expect(await dialog.getByRole("button", { name: "Delete function" }).isDisabled()).toBe(true);
  await inspect(world, "function-delete");
  await dialog.getByRole("textbox").fill("moody-copy");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/projects\//);
  await expect(functions.stored(copy.id)).rejects.toThrow("404");
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
  "/functions/cart/settings",
  "/functions/cart?use=yes",
];

test.each(["dark", "narrow"])("every page looks right: %s", async (look) => {
  const { page } = world;
  if (look === "dark") await page.emulateMedia({ colorScheme: "dark" });
  else await page.setViewportSize({ width: 360, height: 740 });
  for (const [at, path] of pages.entries()) {
    await world.open(path);
    if (path.includes("use")) await page.getByRole("region", { name: "curl code" }).waitFor();
    else await page.getByRole("heading", { level: 1 }).waitFor();
    if (path.includes("settings")) await functions.section("Limits").waitFor();
    if (at === 0) await page.getByRole("row").nth(5).waitFor();
    await inspect(world, `functions-${look}-${at}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
});
