import { expect, test } from "vitest";
import { projectPath, slugOf } from "./address";

test.each([
  ["My API", "my-api"],
  ["  Über -- Café!  ", "über-café"],
  ["a_b c", "a-b-c"],
  ["!?", "project"],
  ["x".repeat(80), "x".repeat(63)],
  ["é".repeat(40), "é".repeat(31)],
])("the slug of %j is %j", (name, slug) => expect(slugOf(name)).toBe(slug));

test("a project with the slug of a page is found by its id", () => {
  expect(projectPath({ id: "1a", slug: "shop" })).toBe("/projects/shop");
  expect(projectPath({ id: "1a", slug: "new" })).toBe("/projects/1a");
});
