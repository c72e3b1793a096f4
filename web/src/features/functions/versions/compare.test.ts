import { expect, test } from "vitest";
import { compareFiles } from "./compare";

const file = (path: string, text: string | null, size = 1, mode = "0644") => ({ path, text, size, mode });

test("files that came, went or are others are different", () => {
  const before = [file("a", "1"), file("b", "1"), file("c", "1"), file("x", null, 7), file("y", null, 7)];
  const after = [file("a", "1"), file("b", "2"), file("d", "1"), file("x", null, 7), file("y", null, 8)];
  expect(compareFiles(before, after).map(({ path, kind }) => `${path} ${kind}`)).toEqual([
    "b changed",
    "c removed",
    "d added",
    "y changed",
  ]);
});

test("another mode is a difference, an unknown size is none", () => {
  expect(compareFiles([file("a", "1")], [file("a", "1", 1, "0755")])).toHaveLength(1);
  expect(compareFiles([file("x", null, 7)], [{ path: "x", text: null, mode: "0644" }])).toHaveLength(0);
});
