/** What people do and see, by role and name. */
import type { Page } from "playwright-core";
import type { Viewer } from "./browser";

export const heading = (page: Page, name: string) => page.getByRole("heading", { name }).waitFor();
export const said = (page: Page, text: string | RegExp) =>
  page.getByRole("region", { name: "Notifications" }).getByText(text);
export const button = (page: Page, name: string | RegExp) =>
  page.getByRole("button", { name, exact: typeof name === "string" });

/** The browser names every refused request in the console; those that a test provokes are none of the page's troubles. */
export function expected({ troubles }: Viewer, ...statuses: number[]) {
  const rest = troubles.filter((text) => !statuses.some((status) => text.includes(`status of ${status}`)));
  troubles.splice(0, troubles.length, ...rest);
}

/** Keys one after the other as one stroke: the page waits a second for the next, the machine may not care. */
export const chord = (page: Page, ...keys: string[]) => Promise.all(keys.map((key) => page.keyboard.press(key)));

export async function signInByForm(page: Page, login: string, secret: string) {
  await page.getByLabel("Name or e-mail").fill(login);
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await page.keyboard.press("Enter");
}
