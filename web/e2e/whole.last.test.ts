/** Comes behind all other files: was every page of the router among those that they have inspected? */
import { expect, test } from "vitest";
import { inspected, looks, patterns } from "./pages";

test.each(looks)("every page of the router was inspected: %s", (look) => {
  const seen = inspected(look);
  expect(patterns.filter((pattern) => !seen.has(pattern))).toEqual([]);
});
