import { expect, test } from "vitest";
import { pathOf, readable, requestHeaders } from "./request";

test.each([
  ["/users/7", "/users/7"],
  ["users", "/users"],
  ["", ""],
  ["http://localhost:8000/api/gateway/shop/users?q=1", "/users?q=1"],
  ["/api/gateway/shop", "/"],
  ["/api/gateway/shopping", "/api/gateway/shopping"],
])("%j is the path %j", (text, path) => expect(pathOf(text, "/api/gateway/shop")).toBe(path));

test("a body is sent as what it is", () => {
  const sent = (method: string, body: string, headers = "") =>
    requestHeaders({ method, body, headers, url: "" }).get("content-type");
  expect(sent("POST", '{"a": 1}')).toBe("application/json");
  expect(sent("PUT", "hello")).toBe("text/plain; charset=utf-8");
  expect(sent("POST", "a,b", "X-A: 1\nContent-Type: text/csv")).toBe("text/csv");
  expect(sent("GET", "{}")).toBeNull();
});

test("JSON is laid out once all of it is there", () => {
  const reply = { status: 200, headers: [["content-type", "application/json"]] as [string, string][], bytes: 7 };
  const times = { firstMs: 1, ms: 2 };
  expect(readable({ ...reply, ...times, text: '{"a":1}', done: true })).toBe('{\n  "a": 1\n}');
  expect(readable({ ...reply, ...times, text: '{"a":', done: false })).toBe('{"a":');
  expect(readable({ ...reply, ...times, text: "broken", done: true })).toBe("broken");
});
