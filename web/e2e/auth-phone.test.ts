import { afterAll, beforeAll, test } from "vitest";
import { inspect, inspectLarge, newViewer, signIn, type Viewer } from "./browser";
import { button, expected } from "./people";
import { ada, newWorld, type World } from "./world";

let world: World;
let phone: Viewer;
beforeAll(async () => {
  world = await newWorld("--registration", "invite");
  phone = await newViewer(world.browser, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await world.call("POST", "/api/keys", { name: "backup of the whole server" });
  await world.call("POST", "/api/invites", { email: "bob@example.com" });
});
afterAll(() => world?.end());

const open = (path: string) => phone.page.goto(world.server.url + path);

test("the sign-in page fits a telephone in the dark, and the largest of screens", async () => {
  await open("/sign-in");
  await phone.page.getByLabel("Name or e-mail").waitFor();
  expected(phone, 401);
  await inspect(phone, "phone-sign-in");
  await inspectLarge(phone, "sign-in");
  await open("/sign-up");
  await phone.page.getByRole("heading", { name: "Accounts are by invitation" }).waitFor();
  expected(phone, 401);
  await inspect(phone, "phone-sign-up");
  await inspectLarge(phone, "sign-up");
  await signIn(phone, world.server.url, ada.name, ada.password);
});

test.each([
  ["", "profile", ["no bound"]],
  ["/sessions", "sessions", ["This session"]],
  ["/keys", "keys", ["backup of the whole server"]],
  ["/accounts", "accounts", ["You", "bob@example.com"]],
  ["/audit", "audit", [/^(Today|Yesterday)$/]], // midnight may have been meanwhile
])("/settings%s fits a telephone in the dark", async (path, name, signs) => {
  await open(`/settings${path}`);
  for (const sign of signs) await phone.page.getByText(sign, { exact: true }).first().waitFor();
  await inspect(phone, `phone-${name}`);
});

test("a dialog that is higher than the screen scrolls", async () => {
  await open("/settings/keys?dialog=new");
  await button(phone.page, "Make the key").waitFor();
  await inspect(phone, "phone-key-new");
  await button(phone.page, "Make the key").click();
});
