import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect, inspectLarge, newViewer, signIn, startBrowser, type Viewer } from "./browser";
import { button, expected, heading, said, signInByForm } from "./people";
import { inspectEverywhere } from "./screens";
import { type Server, startServer } from "./server";

const password = "correct horse battery";

let browser: Browser;
let server: Server;
let ada: Viewer;
let bob: Viewer;

beforeAll(async () => {
  browser = await startBrowser();
  server = await startServer("--registration", "invite");
  ada = await newViewer(browser);
  bob = await newViewer(browser);
});
afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

const open = ({ page }: Viewer, path: string) => page.goto(server.url + path);
test("a new server says where its link is", async () => {
  await open(ada, "/functions");
  await heading(ada.page, "This server waits for its first account");
  expected(ada, 401);
  await inspect(ada, "setup-without-link");
});

test("the link makes the owner's account and leads into the dashboard", async () => {
  const { page } = ada;
  await page.goto(server.setupLink);
  await page.getByLabel("Name").waitFor();
  expected(ada, 401);
  expect(await page.getByLabel("Name").evaluate((field) => field === document.activeElement)).toBe(true);
  await inspectEverywhere(ada, "setup");
  await inspectLarge(ada, "setup");
  await page.keyboard.type("ada");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await button(page, "Show the password").click();
  expect(await page.getByLabel("Password", { exact: true }).getAttribute("type")).toBe("text");
  await button(page, "Create the account").click();
  await page
    .getByRole("alert")
    .getByText(/at least 8/)
    .waitFor();
  expected(ada, 422);
  await inspect(ada, "setup-refused", 1);
  expect(await page.getByLabel("Name").inputValue()).toBe("ada");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await button(page, "Create the account").click();
  await button(page, "Account ada").waitFor();
  expect(new URL(page.url()).pathname).toBe("/");
});

test("the profile is changed, and shows what the account may have", async () => {
  const { page } = ada;
  await open(ada, "/settings");
  await page.getByText("no bound").first().waitFor();
  await inspect(ada, "profile");
  await page.getByLabel("Name").fill("a b");
  await button(page, "Save the profile").click();
  await page.getByText(/A name has 2 to 40/).waitFor();
  expected(ada, 422);
  await page.getByLabel("Name").fill("ada");
  await page.getByLabel("E-mail").fill("ada@example.com");
  await button(page, "Save the profile").click();
  await said(page, "Profile saved").waitFor();
  await page.getByRole("radio", { name: "Dark" }).click();
  expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  await inspect(ada, "profile-dark", 1);
  await page.getByRole("radio", { name: "Light" }).click();
});

test("signing out leads to the sign-in page, and signing in to the page that was asked for", async () => {
  const { page } = ada;
  await open(ada, "/settings");
  await button(page, "Sign out").click();
  await heading(page, "Sign in to virga");
  await open(ada, "/settings/keys?dialog=new");
  await page.getByLabel("Name or e-mail").waitFor();
  expected(ada, 401);
  await inspect(ada, "sign-in");
  await signInByForm(page, "ada", "wrong password");
  await page.getByText("Wrong name or password").waitFor();
  expected(ada, 401);
  await inspect(ada, "sign-in-refused", 1);
  await signInByForm(page, "ADA@example.com", password);
  await page.getByRole("dialog", { name: "New API key" }).waitFor();
});

test("whoever is signed in already is led on, but never away from here", async () => {
  await open(ada, "/sign-in?next=/settings/sessions");
  await heading(ada.page, "Sessions");
  for (const path of ["/sign-in?next=//evil.example", "/sign-in?next=/%5Cevil.example", "/sign-up", "/setup"]) {
    await open(ada, path);
    await button(ada.page, "Account ada").waitFor();
    expect(ada.page.url()).toBe(`${server.url}/`);
  }
});

test("a key is shown once, works, and is refused once it is revoked", async () => {
  const { page } = ada;
  await open(ada, "/settings/keys");
  await heading(page, "No keys yet");
  await inspect(ada, "keys-none");
  await button(page, "New key").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("ci");
  await dialog.getByLabel("Ends").selectOption("In 30 days");
  await dialog.getByLabel(/projects:read/).check();
  await inspect(ada, "key-new", 1);
  await button(page, "Make the key").click();
  const key = await dialog.getByRole("textbox", { name: "Key" }).inputValue();
  await inspect(ada, "key-shown", 1);
  await button(page, "I have copied it").click();
  const row = page.getByRole("row").filter({ hasText: "ci" });
  await row.getByText("functions:read, functions:write, projects:read").waitFor();
  await inspect(ada, "keys", 1);
  const ask = (path: string) => fetch(server.url + path, { headers: { Authorization: `Bearer ${key}` } });
  expect((await ask("/api/functions")).status).toBe(200);
  expect((await ask("/api/sessions")).status).toBe(403);
  await button(page, "Revoke ci").click();
  await button(page, "Revoke the key").click();
  await heading(page, "No keys yet");
  expect((await ask("/api/functions")).status).toBe(401);
});

test("sessions are named by their devices and end", async () => {
  const { page } = ada;
  const agents = ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "virga/0.3.0"];
  const others = await Promise.all(agents.map((userAgent) => newViewer(browser, { userAgent })));
  for (const other of others) await signIn(other, server.url, "ada", password);
  await open(ada, "/settings/sessions");
  await page.getByText("Firefox on Windows").waitFor();
  await page.getByText("This session").waitFor();
  await inspect(ada, "sessions");
  await button(page, "End the session of virga on the command line").click();
  await page.getByText("virga on the command line").waitFor({ state: "detached" });
  await button(page, "End all others").click();
  await button(page, "End 1 session").click();
  await page.getByText("Firefox on Windows").waitFor({ state: "detached" });
  for (const { page, context } of others) {
    expect((await page.request.get(`${server.url}/api/account`)).status()).toBe(401);
    await context.close();
  }
});

test("an invitation brings somebody in", async () => {
  const { page } = ada;
  await open(ada, "/settings/accounts");
  await heading(page, "No invitations");
  await button(page, "Invite somebody").click();
  await page
    .getByRole("dialog")
    .getByLabel(/E-mail/)
    .fill("bob@example.com");
  await inspect(ada, "invite", 1);
  await button(page, "Make the invitation").click();
  const link = await page.getByRole("textbox", { name: "Link" }).inputValue();

  await open(bob, "/sign-up");
  await heading(bob.page, "Accounts are by invitation");
  expected(bob, 401);
  await inspect(bob, "sign-up-without-invitation");
  await bob.page.goto(link);
  await bob.page.getByLabel("Name").fill("bob");
  await bob.page.getByLabel("Password", { exact: true }).fill(password);
  expected(bob, 401);
  await inspect(bob, "sign-up");
  await button(bob.page, "Create the account").click();
  await button(bob.page, "Account bob").waitFor();
});

test("what is for administrators is not there for others", async () => {
  const { page } = bob;
  await open(bob, "/settings");
  await heading(page, "Usage and quotas");
  expect(await page.getByRole("link", { name: "Accounts" }).count()).toBe(0);
  for (const path of ["accounts", "audit"]) {
    await open(bob, `/settings/${path}`);
    await heading(page, "There is no such page");
  }
  await inspect(bob, "not-for-others");
});

test("administrators find accounts, bound them, disable them and reset their passwords", async () => {
  const { page } = ada;
  await open(ada, "/settings/accounts?find=BOB@");
  await page.getByRole("row").filter({ hasText: "bob@example.com" }).waitFor();
  expect(await page.getByRole("row").count()).toBe(2);
  await page.getByLabel("Find an account").fill("nobody");
  await heading(page, "No account fits");
  await button(page, "Show all accounts").click();
  await inspect(ada, "accounts", 1);
  const task = async (name: string) => {
    await button(page, "Actions for bob").click();
    await page.getByRole("menuitem", { name }).click();
  };
  await task("Quotas");
  await page.getByRole("dialog").getByLabel("Functions").fill("3");
  await inspect(ada, "quotas", 1);
  await button(page, "Save the quotas").click();
  await said(page, "Quotas of bob saved").waitFor();
  await open(bob, "/settings");
  await bob.page.getByText("of 3").waitFor();

  await task("Disable");
  await button(page, "Disable the account").click();
  await page.getByRole("row").filter({ hasText: "bob" }).getByText("Disabled").waitFor();
  await task("Enable");
  await button(page, "Enable the account").click();
  await page.getByRole("row").filter({ hasText: "bob" }).getByText("Disabled").waitFor({ state: "detached" });

  await task("Reset the password");
  await button(page, "Reset the password").click();
  const temporary = await page.getByRole("textbox", { name: "Temporary password" }).inputValue();
  await button(page, "I have copied it").click();
  await open(bob, "/settings");
  await signInByForm(bob.page, "bob", temporary);
  await bob.page.getByLabel("Current password").fill(temporary);
  await bob.page.getByLabel("New password").fill(password);
  await button(bob.page, "Change the password").click();
  await said(bob.page, /Password changed/).waitFor();
  expected(bob, 401);
});

test("the audit log tells who did what", async () => {
  const { page } = ada;
  await open(ada, "/settings/audit");
  await page.getByText("changed the password").first().waitFor();
  await inspect(ada, "audit");
  await page.getByRole("link", { name: "bob" }).first().click();
  await page.getByText("Only by").waitFor();
  await page.getByText("revoked a key").waitFor({ state: "detached" });
  await button(page, "Show everything").click();
  await page.getByText("revoked a key").waitFor();
});

test("nothing of one account is left for the next", async () => {
  const { page } = bob;
  await server.api("POST", "/api/projects", { name: "Secret of Ada" });
  await signIn(bob, server.url, "ada", password); // as in another tab
  await open(bob, "/projects");
  await button(page, "Account ada").waitFor();
  await button(page, "Account ada").click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await signInByForm(page, "bob", password);
  await button(page, "Account bob").waitFor();
  await page.goto(`${server.url}/projects`);
  await button(page, "Account bob").waitFor();
  expect(await page.getByText("Secret of Ada").count()).toBe(0);
  expected(bob, 401);
});

test("bob deletes his account with his password", async () => {
  const { page } = bob;
  await open(bob, "/settings");
  await button(page, "Delete my account").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Password", { exact: true }).fill("wrong password");
  await dialog.getByLabel(/Type bob/).fill("bob");
  await button(page, "Delete my account").click();
  await page.getByText("Wrong password").waitFor();
  expected(bob, 403);
  await inspect(bob, "delete-account", 1);
  await dialog.getByLabel("Password", { exact: true }).fill(password);
  await button(page, "Delete my account").click();
  await page.getByLabel("Name or e-mail").waitFor();
});

test("after too many attempts the page counts down to the next", async () => {
  const { page } = bob;
  await open(bob, "/sign-in");
  const attempt = async () => {
    const reply = page.waitForResponse(/\/api\/login$/);
    await signInByForm(page, "ada", "wrong password");
    return (await reply).status();
  };
  while ((await attempt()) !== 429); // a slow machine has waited out the first of them
  await page.getByText(/Try again in \d+ s|You can try again now/).waitFor();
  expected(bob, 401, 429);
  await inspect(bob, "sign-in-wait", 1);
});
