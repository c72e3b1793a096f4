import { beforeEach, expect, test } from "vitest";
import { addToHistory, clearHistory, readHistory } from "./history";

beforeEach(() => localStorage.clear());

test("what was run stands there once, the newest first, and per project", () => {
  for (const sql of ["SELECT 1", "SELECT 2 ", "SELECT 1"]) addToHistory("a", sql);
  addToHistory("b", "SELECT 3");
  expect(readHistory("a")).toEqual(["SELECT 1", "SELECT 2"]);
  clearHistory("a");
  expect([readHistory("a"), readHistory("b")]).toEqual([[], ["SELECT 3"]]);
});

test("what somebody else wrote there does no harm", () => {
  localStorage.setItem("virga.sql.a", '{"no":"list"}');
  expect(readHistory("a")).toEqual([]);
  localStorage.setItem("virga.sql.a", "[1");
  expect(addToHistory("a", "SELECT 1")).toEqual(["SELECT 1"]);
});
