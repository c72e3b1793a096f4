import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect } from "./browser";
import { newWorld, type World } from "./world";

const code = `
def handler(event):
    if event["params"].get("id") == "0":
        return {"statusCode": 404, "headers": {"X-Shop": "closed"}, "body": {"detail": "No such item"}}
    return {"method": event["method"], "params": event["params"], "query": event["query"], "body": event["body"]}
`;

let world: World;

beforeAll(async () => {
  world = await newWorld();
  await world.call("POST", "/api/projects", { name: "Shop" });
});
afterAll(() => world?.end());

const routes = "/projects/shop/routes";

test("without functions the page leads to where one is made", async () => {
  const { page } = world;
  await world.open(routes);
  await page.getByRole("heading", { name: "No routes yet" }).waitFor();
  await inspect(world, "routes-no-functions");
  await page.locator("#main").getByRole("link", { name: "New function" }).click();
  await page.waitForURL(/\/projects\/shop\/functions\/new$/);
});

test("routes are added one after the other, and what the server refuses stays in the form", async () => {
  const { page } = world;
  const { id: project_id } = await world.call<{ id: string }>("GET", "/api/projects/shop");
  for (const name of ["catalogue", "files"]) await world.call("POST", "/api/functions", { name, code, project_id });
  await world.open(routes);
  await page.getByRole("button", { name: "Add route" }).click();
  await page.waitForURL(/open=add/);
  const form = page.getByRole("form", { name: "Add a route" });
  await form.getByLabel("Path").fill("/items/:id");
  await form.getByLabel("Function").selectOption("catalogue");
  await form.getByLabel("Description").fill("One item");
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: /GET \/items\/:id/ }).waitFor();
  await page.getByText("Added GET /items/:id").waitFor();
  await form.getByLabel("Path").fill("/items/:number");
  await page.keyboard.press("Enter");
  await form.getByText("already exists in this project").waitFor();
  await inspect({ ...world, troubles: [] }, "routes-taken", 1);
  expect(await page.getByRole("row", { name: /:number/ }).count()).toBe(0);
  await form.getByLabel("Path").fill("/a/*rest/b");
  await page.keyboard.press("Enter");
  await form.getByText("it comes last").waitFor();
  await form.getByLabel("Path").fill("/files/*rest");
  await form.getByLabel("Method").selectOption("ANY");
  await form.getByLabel("Function").selectOption("files");
  await form.getByRole("button", { name: "Add route" }).click();
  await page.getByRole("button", { name: "Change ANY /files/*rest" }).waitFor(); // the row is there before it is saved
  await form.getByRole("button", { name: "Cancel" }).click();
  world.troubles.length = 0; // the browser names the requests that were refused
});

test("the tester names the route and its parameters, and sends the request", async () => {
  const { page } = world;
  await world.call("POST", "/api/projects/shop/routes", {
    ...(await world.call<{ function_id: string }[]>("GET", "/api/projects/shop/routes"))[0],
    method: "POST",
    path: "/items",
    description: "",
  });
  await world.open(routes);
  const path = page.getByLabel("Path of the request");
  await path.fill(`${world.server.url}/api/gateway/shop/items/7?q=tea`);
  await page.waitForURL(/path=%2Fitems%2F7/);
  const hit = page.getByRole("status", { name: "Route" });
  await hit.getByText('"7"').waitFor();
  expect(await page.getByRole("row", { name: /GET \/items\/:id/ }).getAttribute("aria-current")).toBe("true");
  await page.getByRole("button", { name: "Send" }).click();
  const answer = page.getByRole("region", { name: "Answer" });
  await answer.getByText('"q": "tea"').waitFor();
  await answer.getByText("200").waitFor();
  await inspect(world, "routes", 1);
  await page.reload();
  await hit.getByText('"7"').waitFor();
  await page.getByLabel("Method of the request").selectOption("POST");
  await hit.getByText("No route takes POST /items/7").waitFor();
  await path.fill("/items");
  await page.getByRole("textbox", { name: "Body" }).fill('{"name": "Green tea"}');
  await page.getByRole("button", { name: "Send" }).click();
  await answer.getByText('"name": "Green tea"').waitFor();
  await page.setViewportSize({ width: 1280, height: 1300 });
  await inspect(world, "routes-sent", 1);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole("button", { name: "Try GET /items/:id" }).click();
  await hit.getByText('"id"').waitFor();
  await path.fill("/items/0");
  await page.getByRole("button", { name: "Send" }).click();
  await answer.getByText("No such item").waitFor();
  await answer.getByRole("radio", { name: /Headers/ }).click();
  await answer.getByText("x-shop: closed").waitFor();
  world.troubles.length = 0;
});

test("a route is changed in place, deleted, and brought back", async () => {
  const { page } = world;
  await world.open(routes);
  await page.getByRole("button", { name: "Change GET /items/:id" }).click();
  await page.waitForURL(/edit=/);
  const form = page.getByRole("form", { name: "Change GET /items/:id" });
  await form.getByLabel("Path").fill("/goods/:id");
  await inspect(world, "routes-edit", 1);
  await form.getByRole("button", { name: "Save" }).click();
  const row = page.getByRole("row", { name: /GET \/goods\/:id/ });
  await row.waitFor();
  await row.getByRole("button", { name: "Delete GET /goods/:id" }).click();
  await row.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await row.getByText("One item").waitFor();
  await row.getByRole("link", { name: "catalogue" }).click();
  await page.waitForURL(/\/functions\/\w+$/);
});

test("the routes in the dark, and on a telephone", async () => {
  const { page } = world;
  await world.open(`${routes}?path=%2Ffiles%2Fa%2Fb`);
  for (const [name, theme, width] of [
    ["dark", "dark", 1280],
    ["narrow", "light", 360],
  ] as const) {
    await page.setViewportSize({ width, height: width === 360 ? 1400 : 800 });
    await page.evaluate((chosen) => localStorage.setItem("virga.theme", chosen), theme);
    await page.reload();
    await page.getByText('"a/b"').waitFor();
    await inspect(world, `routes-${name}`);
  }
});
