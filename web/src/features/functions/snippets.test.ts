import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { snippet, targetsOf } from "./snippets";

const fn = { id: "abc", access: "public" } as const;
const locked = { ...fn, access: "key" } as const;
const route = (method: string, path: string, function_id = "abc") => ({ method, path, function_id }) as Schema<"Route">;
const routes = [route("ANY", "/users/:id/*rest"), route("PUT", "/users"), route("GET", "/other", "def")];
const targets = targetsOf("http://v.test", fn, "/api/gateway/shop", routes);
const [direct, any, put] = targets;

test("a function is reached by its id and by its own routes", () => {
  expect(targets.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "POST http://v.test/api/invoke/abc",
    "GET http://v.test/api/gateway/shop/users/ID/REST",
    "PUT http://v.test/api/gateway/shop/users",
  ]);
});

test("the command line calls by id, which takes no key to find it, and takes no routes", () => {
  if (!direct || !any) throw new Error("no targets");
  expect(snippet("virga", direct, fn)).toBe(`virga invoke abc '{"name": "Ada"}' \\\n  --server http://v.test`);
  expect(snippet("virga", any, fn)).toBeUndefined();
});

test("no sign of a path means something to what stands around it", () => {
  const [, odd] = targetsOf("http://v.test", fn, "/api/gateway/shop", [
    route("GET", '/it\'s "$HOME" \\n/`x` 5%/:größe'),
  ]);
  expect(odd?.url).toBe("http://v.test/api/gateway/shop/it%27s%20%22%24HOME%22%20%5Cn/%60x%60%205%25/GR%C3%96SSE");
});

test("only what is needed is sent", () => {
  if (!any || !put) throw new Error("no targets");
  expect(snippet("curl", any, fn)).toBe("curl 'http://v.test/api/gateway/shop/users/ID/REST'");
  expect(snippet("curl", any, locked)).toContain(`-H "Authorization: Bearer $VIRGA_KEY"`);
  expect(snippet("curl", put, fn)).toContain(`-d '{"name": "Ada"}'`);
  expect(snippet("javascript", any, fn)).toBe(
    `const answer = await fetch("http://v.test/api/gateway/shop/users/ID/REST");\nconsole.log(await answer.text());`,
  );
});

test("Python imports what it uses", () => {
  if (!direct || !any) throw new Error("no targets");
  expect(snippet("python", direct, locked)).toMatch(/^import json\nimport os\nimport urllib/);
  expect(snippet("python", any, fn)).toMatch(/^import urllib/);
});
