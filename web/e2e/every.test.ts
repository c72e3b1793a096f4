/** What holds for every page of the router: it says that it loads and what failed, and fits a screen of middle width. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inspect, inspectLarge, inspectRoom, largest } from "./browser";
import { patterns } from "./pages";
import { expected } from "./people";
import { newWorld, type World } from "./world";

const long = "a-name-that-is-as-long-as-a-name-may-be-and-has-no-place-to-break";
const code = 'exports.handler = async (event) => "x".repeat(5000);\n';

let world: World;
let project: string;
let fn: string;

beforeAll(async () => {
  world = await newWorld("--registration", "invite");
  const { call } = world;
  await world.page.setViewportSize({ width: 768, height: 1024 });
  project = (await call<{ id: string }>("POST", "/api/projects", { name: long, description: long.repeat(9) })).id;
  const made = { name: long.slice(0, 64), runtime: "nodejs", code, project_id: project };
  fn = (await call<{ id: string }>("POST", "/api/functions", made)).id;
  const below = `/api/projects/${project}`;
  const route = { method: "OPTIONS", path: `/${long}/:id/*rest`, function_id: fn, description: long };
  await call("POST", `${below}/routes`, route);
  await call("POST", `${below}/env`, { key: "K".repeat(100), value: long.repeat(4), is_secret: false });
  await call("POST", "/api/keys", { name: "a key for a program whose name is rather long, all in all" });
  await call("POST", "/api/invites", { email: `${long.slice(0, 60)}@example.com` });
  await call("POST", `/api/invoke/${fn}`, { input: {} });
});
afterAll(() => world?.end());

/** For whoever is not signed in, or with nothing on it that is asked for. */
const ownTests = ["/setup", "/sign-in", "/sign-up", "/*"];
const inside = patterns.filter((pattern) => !ownTests.includes(pattern));
/** What it asks for beside what its frame asks for is not needed to show it. */
const withoutData = ["/projects/new", "/projects/:id/functions/new", "/functions/new", "/functions/:id/settings"];

/** The account, and the project or function that the page belongs to: their failures are another matter. */
const frame = /^\/api\/(account|setup|health|projects|projects\/[^/]+|functions\/[^/]+)$/;

/** Holds back what a page asks for. Returns what ends that: all of it fails then. */
async function holdBack(lists: boolean) {
  let release = () => {};
  const released = new Promise<void>((done) => {
    release = done;
  });
  await world.page.route("**/api/**", async (route) => {
    const { pathname } = new URL(route.request().url());
    if (frame.test(pathname) && !(lists && pathname === "/api/projects")) return route.continue();
    await released;
    await route.fulfill({ status: 500, json: { detail: "The store is away" } });
  });
  return release;
}

const addressOf = (pattern: string) => pattern.replace(":id", pattern.startsWith("/projects") ? project : fn);

test.each(inside.filter((pattern) => !withoutData.includes(pattern)))(
  "%s says that it loads, and then what failed",
  async (pattern) => {
    const { page } = world;
    const release = await holdBack(pattern === "/projects");
    await page.goto(world.server.url + addressOf(pattern), { waitUntil: "commit" });
    await page.locator("#main .animate-pulse, #main [role=status][aria-label=Loading]").first().waitFor();
    release();
    await page.locator("#main").getByText("The store is away").first().waitFor();
    if (pattern === "/projects/:id/members") await inspect({ ...world, troubles: [] }, "failed", 1);
    await page.unroute("**/api/**");
    await page.goto("about:blank"); // whatever else it asked for has failed by then
    expected(world, 500);
  },
);

/** As forward does it, so that nothing is loaded anew; the router counts its entries of the history. */
const go = (address: string) =>
  world.page.evaluate((to) => {
    history.pushState({ idx: history.state.idx + 1 }, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, address);

async function begin(size: { width: number; height: number }) {
  await world.page.setViewportSize(size);
  await world.open("/projects");
  await world.page.getByRole("heading", { name: long }).waitFor();
}

/** Goes to a page without loading anything anew. */
async function visit(pattern: string) {
  const { page } = world;
  const title = await page.title();
  await go(addressOf(pattern));
  await page.waitForFunction((before) => document.title !== before, title);
  await page.locator("#main h1").waitFor();
  await expect.poll(() => page.locator("#main .animate-pulse").count()).toBe(0);
}

test.each([
  { width: 768, height: 1024 },
  { width: 1920, height: 1080 },
])("every page fits a screen of $width x $height, with names that are long", async (size) => {
  await begin(size);
  for (const pattern of inside) {
    await visit(pattern);
    await inspectRoom(world.page, pattern);
  }
});

describe("on the largest of screens", () => {
  beforeAll(() => begin(largest));
  test.each(inside)("%s is in order", async (pattern) => {
    await visit(pattern);
    await inspectLarge(world, pattern.replaceAll(/\W+/g, "-").slice(1));
  });
});

/** The tests of what these pages do look at them in the light and on a large screen. */
const seldomSeen = [
  "/projects/:id",
  "/projects/:id/functions/new",
  "/projects/:id/logs",
  "/functions/:id/logs",
  "/functions/:id/metrics",
  "/functions/:id/no/such/page",
];

test.each(seldomSeen)("%s on a telephone in the dark, with names that are long", async (pattern) => {
  const { page } = world;
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: "dark" });
  await world.open(addressOf(pattern));
  await page.locator("#main h1").waitFor();
  await expect.poll(() => page.locator("#main .animate-pulse").count()).toBe(0);
  await inspect(world, `phone-${pattern.replaceAll(/\W+/g, "-").slice(1)}`);
});
