/** What the tests of functions ask of the server, and how they find their way. */
import type { Locator } from "playwright-core";
import { expect } from "vitest";
import type { World } from "./world";

export interface Fn {
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

export interface Called {
  success: boolean;
  output: { message?: string; done?: number; statusCode?: number; mode?: string };
}

export type Functions = ReturnType<typeof functionsOf>;

export function functionsOf(world: World) {
  const { page } = world;
  return {
    make: (body: object) => world.call<Fn>("POST", "/api/functions", body),
    stored: (id: string) => world.call<Fn>("GET", `/api/functions/${id}`),
    invoke: async (id: string, input: unknown) =>
      (await world.call<Called>("POST", `/api/invoke/${id}`, { input })).output,
    /** Of the function that is now in sight. */
    idInUrl: async () => {
      await page.waitForURL(/\/functions\/[0-9a-f]{24}/);
      return /functions\/([0-9a-f]+)/.exec(page.url())?.[1] ?? "";
    },
    open: async (id: string, tab = "") => {
      await world.open(`/functions/${id}${tab}`);
      await page.getByRole("navigation", { name: "Function" }).waitFor();
    },
    /** One card of the settings. */
    section: (name: string) => page.getByRole("region", { name, exact: true }),
  };
}

/** Takes one of several whose choice stands in the address: it shows a moment after the click. */
export async function choose(radio: Locator) {
  await radio.click();
  await expect.poll(() => radio.isChecked()).toBe(true);
}
