import { expect, test } from "vitest";
import { safeNext } from "./next";

test.each(["/", "/functions/1?tab=logs#x", "/a//b"])("%s is a page of ours", (next) => {
  expect(safeNext(next)).toBe(next);
});

test.each([
  null,
  "",
  "//evil.example",
  "/\\evil.example",
  "/\t/evil.example",
  "/.//evil.example",
  "https://evil.example",
  "javascript:alert(1)",
  "functions",
])("%j leads to the dashboard", (next) => {
  expect(safeNext(next)).toBe("/");
});
