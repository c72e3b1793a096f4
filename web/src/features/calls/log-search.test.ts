import { expect, test } from "vitest";
import { type Filters, filterCount, isFiltered, noFilters, queryOf, sinceOf, withQuery } from "./log-search";

const now = Date.parse("2026-01-31T12:00:00Z");
const filters = (some: Partial<Filters>): Filters => ({ ...noFilters, ...some });

test("a span begins before now, or where it says", () => {
  expect(sinceOf(filters({ span: "1h" }), now)).toBe("2026-01-31T11:00:00.000Z");
  expect(sinceOf(filters({ span: "all", from: "2026-01-01T00:00:00Z" }), now)).toBeUndefined();
  expect(sinceOf(filters({ span: "between", from: "2026-01-01T00:00:00Z" }), now)).toBe("2026-01-01T00:00:00.000Z");
  expect(sinceOf(filters({ span: "between", from: "yesterday" }), now)).toBeUndefined();
});

test("a request names what is set and nothing else", () => {
  expect(queryOf(noFilters, undefined)).toEqual({});
  const some = filters({ q: "a b", status: ["error", "oom"], cold: "false", span: "between", to: "2026-01-02T00:00Z" });
  expect(withQuery("/x", queryOf(some, undefined))).toBe(
    "/x?q=a+b&status=error%2Coom&until=2026-01-02T00%3A00%3A00.000Z&cold=false",
  );
  expect([filterCount(some), isFiltered(some), isFiltered(noFilters)]).toEqual([2, true, false]);
});
