import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect } from "./browser";
import { button, expected, heading, said } from "./people";
import { inspectEverywhere } from "./screens";
import { newWorld, type World } from "./world";

let world: World;

beforeAll(async () => {
  world = await newWorld();
  await world.call("POST", "/api/projects", { name: "Shop" });
});
afterAll(() => world?.end());

const view = (name: string) => world.page.getByRole("radio", { name });
const tables = () => world.page.getByRole("navigation", { name: "Tables" });
const sql = () => world.page.getByRole("textbox", { name: "SQL" });
const grid = (name: string) => world.page.getByRole("grid", { name });

async function run(text: string) {
  await sql().fill(text);
  await world.page.keyboard.press("Control+Enter");
  await world.page.locator('[aria-busy="true"]').first().waitFor({ state: "detached" });
}

test("a database is made with one click, and says how to use it", async () => {
  const { page } = world;
  await world.open("/projects/shop");
  await page.getByRole("navigation", { name: "Project" }).getByRole("link", { name: "Database" }).click();
  await heading(page, "No database yet");
  await inspectEverywhere(world, "database-empty");
  await button(page, "Create a database").click();
  await page.getByText("Ready", { exact: true }).waitFor();
  await page.getByText(/^postgres(ql)?:\/\/.*\*\*\*/).waitFor();
  await page.getByRole("meter", { name: "Size" }).waitFor();
  await page.getByRole("radio", { name: "node-postgres" }).click();
  await page.getByText('require("pg")').waitFor();
  await page.getByRole("radio", { name: "psycopg" }).click();
  await page.getByText("prepare_threshold=None", { exact: false }).first().waitFor();
  await inspectEverywhere(world, "database");
});

test("the password is shown to owners who ask, and changed", async () => {
  const { page } = world;
  await button(page, "Reveal the password").click();
  const shown = page.getByRole("region", { name: "Connection" }).locator("code");
  await button(page, "Hide the password").waitFor();
  await expect.poll(() => shown.textContent()).not.toContain("***");
  await button(page, "Hide the password").click();
  await expect.poll(() => shown.textContent()).toContain("***");
  await button(page, "Change password").click();
  const dialog = page.getByRole("dialog", { name: "Change the password?" });
  await dialog.getByRole("button", { name: "Change password" }).click();
  await said(page, "The password is a new one").waitFor();
});

test("SQL runs by a key; what PostgreSQL refuses is told in its words", async () => {
  const { page } = world;
  await view("Tables and SQL").click();
  await heading(page, "Ask the database");
  await inspectEverywhere(world, "database-sql-empty");
  await run(
    `CREATE TABLE orders (id int PRIMARY KEY, customer_email text NOT NULL, details jsonb);
INSERT INTO orders SELECT n, 'person' || n || '@example.com', CASE WHEN n % 3 > 0 THEN jsonb_build_object('note', 'leave it at the door, please, and ring twice') END FROM generate_series(1, 120) n`,
  );
  await tables()
    .getByRole("button", { name: /^orders/ })
    .waitFor();
  await run("slect 1");
  await page
    .getByRole("alert")
    .getByText(/syntax error at or near "slect"[\s\S]*\^/)
    .waitFor();
  expected(world, 422);
  await inspect(world, "database-sql-error", 1);
  await run("SELECT * FROM orders ORDER BY id");
  await grid("Result").getByText("person1@example.com").waitFor();
  await grid("Result").getByText("null").first().waitFor();
  await inspectEverywhere(world, "database-sql");
});

test("cells are walked through by keys and shown in full", async () => {
  const { page } = world;
  await grid("Result").focus();
  for (const key of ["ArrowDown", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  const value = page.getByRole("region", { name: "Value of details" });
  await value.getByText("leave it at the door", { exact: false }).waitFor();
  await inspect(world, "database-cell", 1);
  await page.keyboard.press("Escape");
  await value.waitFor({ state: "detached" });
});

test("what was run can be run again", async () => {
  const { page } = world;
  await page.reload();
  await button(page, "History").click();
  await page.getByRole("menuitem", { name: "SELECT * FROM orders ORDER BY id" }).click();
  await expect.poll(() => sql().inputValue()).toBe("SELECT * FROM orders ORDER BY id");
});

test("a table opens to its columns and its rows, a page at a time", async () => {
  const { page } = world;
  await tables().getByRole("button", { name: "Columns of orders" }).click();
  await tables().getByRole("list", { name: "Columns of orders" }).getByText("jsonb").waitFor();
  await tables()
    .getByRole("button", { name: /^orders/ })
    .click();
  await page.waitForURL(/table=orders/);
  await page.getByText("Rows 1 to 100").waitFor();
  await inspectEverywhere(world, "database-rows");
  await button(page, "Next").click();
  await page.getByText("Rows 101 to 120").waitFor();
  await page.reload();
  await page.getByText("Rows 101 to 120").waitFor();
  await button(page, "Query it").click();
  await expect.poll(() => sql().inputValue()).toContain("FROM orders");
});

test("a backup is made, restored and deleted", async () => {
  const { page } = world;
  await view("Backups").click();
  await heading(page, "No backups yet");
  await inspect(world, "database-backups-empty", 1);
  await button(page, "Make a backup").click();
  await page.getByRole("link", { name: /Download the backup/ }).waitFor();
  await inspectEverywhere(world, "database-backups");
  await button(page, /Restore the backup/).click();
  const dialog = page.getByRole("dialog", { name: "Restore this backup?" });
  await dialog.getByLabel(/Type Shop/).fill("Shop");
  await inspect(world, "database-restore", 1);
  await page.keyboard.press("Enter");
  await said(page, "The database is as it was in the backup").waitFor();
  await button(page, /Delete the backup/).click();
  await button(page, "Delete backup").click();
  await heading(page, "No backups yet");
});

test("a database is deleted by whoever types the name of its project", async () => {
  const { page } = world;
  await view("Overview").click();
  await button(page, "Delete database").click();
  const dialog = page.getByRole("dialog", { name: /Delete the database/ });
  await dialog.getByLabel(/Type Shop/).fill("Shop");
  await page.keyboard.press("Enter");
  await heading(page, "No database yet");
});
