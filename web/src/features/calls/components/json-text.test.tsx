import { expect, test } from "vitest";
import { jsonTokens, prettyJson } from "./json-text";

test("JSON is indented, and its numbers stay as they are written", () => {
  expect(prettyJson('{"a":[1.0,-2e400,{}],"b": {"c":"x,{\\"y"},"d":[]}')).toBe(
    '{\n  "a": [\n    1.0,\n    -2e400,\n    {}\n  ],\n  "b": {\n    "c": "x,{\\"y"\n  },\n  "d": []\n}',
  );
  expect([prettyJson('"a"'), prettyJson("null"), prettyJson('{"cut": "of')]).toEqual(['"a"', "null", '{"cut": "of']);
});

test("the parts of a text make up the whole text", () => {
  const text = '{"name": "x", "n": -1.5e3, "t": [true, null]} and "more';
  const tokens = jsonTokens(text);
  expect(tokens.map(([, part]) => part).join("")).toBe(text);
  expect(tokens.filter(([kind]) => kind !== "plain").map(([kind]) => kind)).toEqual([
    "name",
    "text",
    "name",
    "number",
    "name",
    "word",
    "word",
  ]);
});

test("64 KB of text are no trouble", () => {
  const long = JSON.stringify({ text: "é\\\n".repeat(20_000) });
  expect(prettyJson(long)).toContain('"text": ');
});
