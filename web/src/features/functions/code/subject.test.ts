import { expect, test } from "vitest";
import { argumentNames, subjectOf } from "./subject";
import { piecesOf } from "./traceback";

const names: [string, string] = ["event", "context"];

test.each([
  ["    return event.me", { of: "event", by: "dot", begun: "me", at: 16 }],
  ['x = event["que', { of: "event", by: "key", begun: "que", at: 11 }],
  ["event.get('bo", { of: "event", by: "get", begun: "bo", at: 11 }],
  ["context.", { of: "context", by: "dot", begun: "", at: 7 }],
])("%j is about to name a member", (before, subject) => {
  expect(subjectOf(before, names)).toEqual(subject);
});

test("other words are about nothing known", () => {
  expect(subjectOf("request.me", names)).toBeUndefined();
  expect(subjectOf("request.me", ["request", "ctx"])).toMatchObject({ of: "event" });
});

test.each([
  ["def handler(request, ctx):", ["request", "ctx"]],
  ["async def main(e: dict, c=None):", ["e", "c"]],
  ["exports.handler = async (req, ctx) => {", ["req", "ctx"]],
  ["export async function handler(req) {", ["req", "context"]],
  ["x = 1", ["event", "context"]],
])("%s has the arguments %j", (code, names) => {
  expect(argumentNames(code)).toEqual(names);
});

test("places of a traceback in the function's own files are found, and no others", () => {
  const text =
    'File "/code/main.py", line 3, in f\n  at g (/code/lib/a.js:7:9)\nFile "/usr/lib/x.py", line 1\n/code/gone.js:1:1';
  const pieces = piecesOf(text, new Set(["main.py", "lib/a.js"]));
  expect(pieces.map((piece) => (typeof piece === "string" ? piece : piece.text)).join("")).toBe(text);
  expect(pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.place]))).toEqual([
    { file: "main.py", line: 3 },
    { file: "lib/a.js", line: 7, column: 9 },
  ]);
});
