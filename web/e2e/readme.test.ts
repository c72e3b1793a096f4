/** The pictures of the README: a small shop with some traffic, as somebody would see it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { shoot } from "./browser";
import { newWorld, type World } from "./world";

const cart = `import os

PRICES = {"apple": 0.4, "pear": 0.55, "plum": 0.3}


def handler(event, context):
    """Adds up what is in the cart."""
    total = 0
    for item in event["items"]:
        name, count = item["name"], item["count"]
        if name not in PRICES:
            raise ValueError(f"not on sale: {name}")
        print(f"{count} x {name}")
        total += PRICES[name] * count
    return {
        "total": round(total, 2),
        "currency": os.environ["CURRENCY"],
    }
`;
const greet = 'exports.handler = async (event) => ({ message: "Hello, " + (event.params?.name ?? "world") });\n';
const good = {
  items: [
    { name: "apple", count: 3 },
    { name: "plum", count: 5 },
  ],
};
const bad = { items: [{ name: "kiwi", count: 1 }] };

let world: World;
let cartId: string;
let projectId: string;

beforeAll(async () => {
  world = await newWorld();
  const { call } = world;
  projectId = (await call<{ id: string }>("POST", "/api/projects", { name: "Fruit shop" })).id;
  await call("POST", `/api/projects/${projectId}/env`, { key: "CURRENCY", value: "EUR", is_secret: false });
  const make = (name: string, runtime: string, code: string) =>
    call<{ id: string }>("POST", "/api/functions", { name, runtime, code, project_id: projectId });
  cartId = (await make("cart", "python", cart)).id;
  const greetId = (await make("greet", "nodejs", greet)).id;
  const route = (method: string, path: string, id: string) =>
    call("POST", `/api/projects/${projectId}/routes`, { method, path, function_id: id });
  await route("POST", "/cart", cartId);
  await route("GET", "/hello/:name", greetId);
  await route("ANY", "/files/*rest", greetId);
  await call("PUT", `/api/functions/${cartId}/inputs/two%20kinds`, { input: good });
  for (let i = 0; i < 40; i++) {
    await call("POST", `/api/invoke/${cartId}`, { input: i % 9 === 4 ? bad : good });
    await call("GET", `/api/gateway/fruit-shop/hello/ada-${i}`);
  }
});
afterAll(() => world?.end());

async function callTheCart() {
  const { page } = world;
  await world.open(`/functions/${cartId}`);
  await page.getByText("PRICES").first().waitFor();
  await page.getByRole("combobox", { name: /input/i }).first().selectOption({ label: "two kinds" });
  await page.getByRole("button", { name: /^Call/ }).click();
  await page.getByText("2.7").first().waitFor();
  await page.getByText("Placement").first().waitFor();
}

test("a function beside a call of it, in both themes", async () => {
  const { page } = world;
  await page.setViewportSize({ width: 1360, height: 850 });
  await callTheCart();
  await shoot(page, "readme-code");
  await page.emulateMedia({ colorScheme: "dark" });
  await callTheCart();
  expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  await shoot(page, "readme-code-dark");
  await page.emulateMedia({ colorScheme: "light" });
});

test("the dashboard", async () => {
  await world.open("/");
  await world.page.getByRole("slider", { name: "Durations" }).waitFor();
  await shoot(world.page, "readme-dashboard");
});

test("the log with a call that failed", async () => {
  const { page } = world;
  await world.open(`/projects/${projectId}/logs`);
  await page
    .getByRole("row", { name: /not on sale: kiwi/ })
    .first()
    .click();
  await page.getByText("Traceback").first().waitFor();
  await shoot(page, "readme-log");
});

test("the routes and what they would do", async () => {
  const { page } = world;
  await world.open(`/projects/${projectId}/routes?method=GET&path=/hello/ada`);
  await page.getByText("/hello/").first().waitFor();
  await page.getByRole("button", { name: /Send/ }).click();
  await page.getByText("Hello, ada").first().waitFor();
  await shoot(page, "readme-routes");
});
