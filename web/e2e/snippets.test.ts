/** Ready code is run as it is copied: in each language, for each way to reach a function, with a key and without. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type SnippetLanguage,
  snippet,
  snippetLanguages,
  type Target,
  targetsOf,
} from "../src/features/functions/snippets";
import { type Fn, type Functions, functionsOf } from "./functions";
import { newWorld, type World } from "./world";

const code = `def handler(event):
    if "method" not in event:
        return {"called": "directly", "by": event["name"]}
    return {"called": event["method"], "at": event["path"], "given": event["params"], "sent": event["body"]}
`;
const odd = `/it's "odd" $HOME \\ 100% \`x\`/:size`;
const routes = ["GET /plain", "POST /users/:id", "DELETE /users/:id", "ANY /files/*rest", `GET ${odd}`];

let world: World;
let functions: Functions;
let home: string;
let key: string;
let gateway: string;
const made: Record<string, { fn: Fn; targets: Target[] }> = {};

beforeAll(async () => {
  world = await newWorld();
  functions = functionsOf(world);
  home = mkdtempSync(join(tmpdir(), "virga-snippets-"));
  const project = await world.call<{ id: string; gateway_url: string }>("POST", "/api/projects", { name: "Shop" });
  gateway = project.gateway_url;
  ({ key } = await world.call<{ key: string }>("POST", "/api/keys", { name: "caller", scopes: ["invoke"] }));
  for (const access of ["public", "key"]) {
    const fn = await functions.make({ name: access, access, code, project_id: project.id });
    const own = routes.map((route) => {
      const [method = "", path = ""] = route.split(/ (.*)/s);
      return { function_id: fn.id, method, path: `/${access}${path}` };
    });
    const stored = await Promise.all(
      own.map((route) => world.call("POST", `/api/projects/${project.id}/routes`, route)),
    );
    made[access] = { fn, targets: targetsOf(world.server.url, fn as never, gateway, stored as never) };
  }
});
afterAll(async () => {
  await world?.end();
  if (home) rmSync(home, { recursive: true, force: true });
});

const run = promisify(execFile);
const programs: Record<SnippetLanguage, (code: string) => [string, string[]]> = {
  curl: (code) => ["sh", ["-c", code]],
  virga: (code) => ["sh", ["-c", code]],
  javascript: (code) => ["node", ["--input-type=module", "-e", code]],
  python: (code) => ["python3", ["-c", code]],
};

/** What it prints, for somebody who has nothing but the programs, and a key where one is needed. */
async function printed(language: SnippetLanguage, code: string, access: string): Promise<string> {
  const PATH = [resolve(process.env.VIRGA_BUILD ?? "../build"), process.env.PATH].join(delimiter);
  const env = { PATH, HOME: home, ...(access !== "public" && { VIRGA_KEY: key }) };
  const { stdout } = await run(...programs[language](code), { env });
  return stdout;
}

const ways = ["public", "key"].flatMap((access) => snippetLanguages.map((language) => [language, access] as const));

test.each(ways)("%s calls a function with access %s in every way there is", async (language, access) => {
  const { fn, targets = [] } = made[access] ?? {};
  if (!fn) throw new Error("no function");
  await Promise.all(
    targets.map(async (target) => {
      const code = snippet(language, target, fn as never);
      if (code === undefined) return expect([language, target.route]).toEqual(["virga", target.route]);
      const text = await printed(language, code, access);
      if (!target.route) return expect(text.replace(/["'\s]/g, "")).toContain("called:directly,by:Ada");
      const [method = "", path = ""] = target.route.split(/ (.*)/s);
      const sent = ["POST", "PUT", "PATCH"].includes(method) ? { name: "Ada" } : null;
      expect(JSON.parse(text), target.route).toMatchObject({
        called: method === "ANY" ? "GET" : method,
        at: path.replace(/[:*](\w+)/, (_, name: string) => name.toUpperCase()),
        sent,
      });
    }),
  );
});

test("the button copies what is shown", async () => {
  const { page, context } = world;
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await world.open(`/functions/${made.key?.fn.id}?use=yes`);
  await page.getByText("from the variable").waitFor();
  for (const language of ["curl", "virga", "JavaScript", "Python"]) {
    await page.getByRole("radio", { name: language, exact: true }).click();
    await page.getByRole("button", { name: `Copy the ${language} code` }).click();
    const shown = (await page.getByRole("region", { name: `${language} code` }).textContent()) ?? "";
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(shown); // copying ends a moment later
    expect(await printed(language.toLowerCase() as SnippetLanguage, shown, "key")).toContain("Ada");
  }
});
