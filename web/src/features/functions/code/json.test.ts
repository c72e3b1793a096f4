import { expect, test } from "vitest";
import { jsonProblem } from "./json";
import { jsonPieces } from "./json-pieces";

test.each([
  ['{"name": }', 1, 10, "A value is expected here"],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3, "A comma or } is expected here"],
  ["[1, 2", 1, 6, "A comma or ] is expected here, but the text ends"],
  ["{name: 1}", 1, 2, "A name in double quotes is expected here"],
  ['{"a" 1}', 1, 6, "A colon is expected here"],
  ["1 2", 1, 3, "Nothing may follow the value"],
  ["", 1, 1, "A value is expected here, but the text ends"],
  ["[01]", 1, 2, "A value is expected here"],
  ["'a'", 1, 1, "A value is expected here"],
  ["[1,]", 1, 4, "A value is expected here"],
])("%j is no JSON from line %d, column %d on", (text, line, column, message) => {
  expect(jsonProblem(text)).toEqual({ line, column, message });
});

test.each(['{"a": [1, -2.5e3, true, null, "\\u00e9\\n"]}', " 0 ", '"ä"', "[]"])("%j is JSON", (text) => {
  expect(jsonProblem(text)).toBeUndefined();
});

test("pieces of JSON keep every character and know keys from values", () => {
  const text = JSON.stringify({ a: "x: 1", b: [1, true, null] }, null, 2);
  const pieces = jsonPieces(text);
  expect(pieces.map((piece) => piece.text).join("")).toBe(text);
  expect(pieces.filter((piece) => piece.kind === "key").map((piece) => piece.text)).toEqual(['"a"', '"b"']);
  expect(pieces.filter((piece) => piece.kind === "string").map((piece) => piece.text)).toEqual(['"x: 1"']);
  expect(pieces.filter((piece) => piece.kind === "word")).toHaveLength(2);
});
