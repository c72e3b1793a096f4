/** Debian's Chromium, and what is asked of every page: no error in the console, no serious finding of axe, no jumps. */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { note, shots } from "./pages";

const flags =
  "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");

/** How long, in ms, something may take to come into sight. */
const patience = 45_000;

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: flags.split(" "),
    timeout: 120_000,
  });
}

export interface Viewer {
  page: Page;
  context: BrowserContext;
  /** What the console said that it should not have; the test that expects some takes it out. */
  troubles: string[];
}

/** A browser of its own as far as cookies and storage go. */
export async function newViewer(browser: Browser, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Viewer> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      troubles.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => troubles.push(String(error)));
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    // What moves later is an answer. The browser takes it for one during half a second, which may be too short for a server.
    let touched = Number.POSITIVE_INFINITY;
    for (const kind of ["keydown", "pointerdown", "wheel", "input"])
      addEventListener(kind, ({ timeStamp }) => (touched = Math.min(touched, timeStamp)), {
        capture: true,
        passive: true,
      });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
        if (!entry.hadRecentInput && entry.startTime < touched) shifts.push(entry.value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  return { page, context, troubles };
}

/** Puts a text where the focus is, as one who pastes it: an editor adds nothing to it. */
export async function paste({ page, context }: Viewer, text: string) {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate((it) => navigator.clipboard.writeText(it), text);
  await page.keyboard.press("Control+v");
}

/** Signs in without going through the form. */
export async function signIn({ context }: Viewer, url: string, login: string, password: string) {
  const reply = await context.request.post(`${url}/api/login`, {
    data: { login, password, cookie: true },
    headers: { Origin: url },
  });
  expect(reply.status(), await reply.text()).toBe(200);
}

/** The sum of layout shifts since the page was loaded, until something was clicked or typed. */
export function layoutShift(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { shifts: number[] }).shifts.reduce((sum, shift) => sum + shift, 0));
}

interface Finding {
  id: string;
  impact: string;
  help: string;
  nodes: { html: string; failureSummary: string }[];
}

/** Findings of axe that are serious or critical, as text. */
async function axeFindings(page: Page): Promise<string[]> {
  // By the debugger's way in: the page's policy lets no script of others through. Once for each load of a page.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  const findings = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run: (on: Document, how: object) => Promise<{ violations: Finding[] }> };
    };
    return (await axe.run(document, { resultTypes: ["violations"], preload: false })).violations;
  });
  return findings
    .filter((each) => each.impact === "serious" || each.impact === "critical")
    .flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 200)}\n${node.failureSummary}`));
}

/** What every page must be: quiet, usable by everybody, at rest. Keeps a picture of it. Call it when the page shows what it
 * should, before anything is clicked when `maxShift` counts. */
export async function inspect(viewer: Viewer, name: string, maxShift = 0.05) {
  expect(await layoutShift(viewer.page), `${name}: layout shift`).toBeLessThan(maxShift);
  await inspectInPlace(viewer, name);
  await shoot(viewer.page, name);
}

/** The page as it stands there, without a picture. */
export async function inspectInPlace({ page, troubles }: Viewer, name: string) {
  expect(await axeFindings(page), `${name}: axe`).toEqual([]);
  expect(troubles, `${name}: console`).toEqual([]);
  await inspectRoom(page, name);
  await note(page);
}

/** The largest screen that the dashboard is made for. */
export const largest = { width: 3840, height: 2160 };

/** The page as it becomes on the largest screen; VIRGA_LARGE keeps a picture of that. */
export async function inspectLarge(viewer: Viewer, name: string) {
  const { page } = viewer;
  const before = page.viewportSize();
  await page.setViewportSize(largest);
  await inspectInPlace(viewer, `${name}-large`);
  if (process.env.VIRGA_LARGE) await shoot(page, `${name}-large`);
  if (before) await page.setViewportSize(before);
}

/** Nothing is wider than the screen, and nothing in a table lies over what stands beside it. */
export async function inspectRoom(page: Page, name: string) {
  const { wider, cells } = await page.evaluate(() => ({
    wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    cells: [...document.querySelectorAll<HTMLElement>("[role=cell], [role=columnheader]")]
      .filter((cell) => cell.scrollWidth > cell.clientWidth + 1 && getComputedStyle(cell).overflowX === "visible")
      .map((cell) => cell.textContent.slice(0, 80)),
  }));
  expect(wider, `${name}: wider than the screen`).toBeLessThanOrEqual(0);
  expect(cells, `${name}: cells with more than they have room for`).toEqual([]);
}

export async function shoot(page: Page, name: string) {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`) });
}
