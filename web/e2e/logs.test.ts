import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect, layoutShift, shoot } from "./browser";
import { newWorld, type World } from "./world";

const shopCode = `import json, sys, time

def handler(event):
    event = event if isinstance(event, dict) else {}
    what = event.get("what", "")
    print("order", event.get("order", 0), "begins")
    print("stock is low", file=sys.stderr) if what == "warn" else None
    if what == "fail":
        raise KeyError("no such item: " + str(event.get("item")))
    if what == "long":
        print("\\n".join(f"line {n} of a long text" for n in range(3000)))
    return {"order": event.get("order", 0), "items": [{"name": "Ada's book", "price": 12.5, "sold": True}], "note": None}
`;

interface Call {
  id: string;
}

let world: World;
let project: { id: string; slug: string };
let shop: { id: string };
let idle: { id: string };

async function makeFunction(name: string, code: string, project_id: string | null = null, more = {}) {
  return world.call<{ id: string }>("POST", "/api/functions", { name, code, project_id, ...more });
}

const call = (id: string, input: unknown) => world.server.api<Call>("POST", `/api/invoke/${id}`, { input });

async function manyCalls(id: string, count: number, input: (at: number) => unknown) {
  let at = 0;
  const worker = async () => {
    while (at < count) await call(id, input(at++));
  };
  await Promise.all(Array.from({ length: 12 }, worker));
}

beforeAll(async () => {
  world = await newWorld();
  project = await world.call("POST", "/api/projects", { name: "Shop", description: "" });
  shop = await makeFunction("orders", shopCode, project.id);
  idle = await makeFunction("idle", "def handler(event):\n    return 1\n");
  await world.call("POST", `/api/projects/${project.id}/routes`, {
    function_id: shop.id,
    method: "ANY",
    path: "/orders/:id",
  });
  for (const what of ["", "fail", "warn"]) await call(shop.id, { what, order: 17, item: "teapot" });
  await fetch(`${world.server.url}/api/gateway/${project.slug}/orders/41?page=2`);
  await manyCalls(shop.id, 30, (order) => ({ order: order + 1000, what: order % 7 === 3 ? "fail" : "" }));
  await call(idle.id, {});
});
afterAll(() => world?.end());

const rows = () => world.page.getByRole("table", { name: "Calls" }).getByRole("row");
const live = () => world.page.locator("[data-live=live]");
const panel = () => world.page.getByRole("complementary", { name: "Call" });

test("pictures", async () => {
  const { page } = world;
  await world.open("/logs");
  await live().waitFor();
  await inspect(world, "logs-all");
  await page.getByText("KeyError").first().click();
  await panel().getByRole("region", { name: "Text of input" }).waitFor();
  await inspect(world, "logs-call");
});
