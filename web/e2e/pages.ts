/** The pages that the router has, by the patterns of their addresses, and which of them were inspected in this run. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { matchRoutes, type RouteObject } from "react-router";
import { entry, pages } from "../src/app/pages";

/** Where pictures are kept. */
export const shots = process.env.VIRGA_SHOTS ?? "e2e/shots";

const table: RouteObject[] = [...entry, { path: "/", children: [...pages, { path: "*" }] }];

const below = (above: string, path = "") => `${above}/${path}`.replaceAll(/\/+/g, "/").replace(/(?<=.)\/$/, "");

function leaves(routes: RouteObject[], above = ""): string[] {
  return routes.flatMap(({ path, children }) =>
    children ? leaves(children, below(above, path)) : [below(above, path)],
  );
}

/** "/projects/:id/routes" and the others. */
export const patterns = leaves(table);

function patternOf(pathname: string): string | undefined {
  return matchRoutes(table, pathname)?.reduce((above, { route }) => below(above, route.path), "");
}

export const looks = ["light", "dark", "narrow", "large"] as const;
type Look = (typeof looks)[number];

const list = join(shots, "inspected.txt");

/** Files of tests run in several processes: each adds its lines. */
export async function note(page: Page) {
  const { pathname, theme, width } = await page.evaluate(() => ({
    pathname: location.pathname,
    theme: document.documentElement.dataset.theme,
    width: innerWidth,
  }));
  const seen: Look[] = [theme === "dark" ? "dark" : "light"];
  if (width <= 400) seen.push("narrow");
  if (width >= 3840) seen.push("large");
  mkdirSync(shots, { recursive: true });
  appendFileSync(list, seen.map((look) => `${look} ${patternOf(pathname)}\n`).join(""));
}

/** The patterns of the pages that were inspected so far, with this look. */
export function inspected(look: Look): Set<string> {
  const lines = existsSync(list) ? readFileSync(list, "utf8").split("\n") : [];
  return new Set(lines.filter((line) => line.startsWith(`${look} `)).map((line) => line.slice(look.length + 1)));
}
