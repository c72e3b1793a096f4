import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { parseEnvFile, planEnvFile, planned } from "./env-file";

test.each([
  ["A=1\nexport B = two words  # why\n\n# C=3", { A: "1", B: "two words" }],
  ["A=#none\nB=a#b", { A: "", B: "a#b" }],
  ["A=\"x # y\" # z\nB='a\\n\"b'\nC=`it's`", { A: "x # y", B: 'a\\n"b', C: "it's" }],
  ['A="1\\n2\\"\\\\"', { A: '1\n2"\\' }],
  ['KEY="-----BEGIN\nabc\n-----END"\r\nB=2\r\n', { KEY: "-----BEGIN\nabc\n-----END", B: "2" }],
  ["A=1\nA=2\nB=", { A: "2", B: "" }],
  ["URL=postgres://u:p@h/db?a=b", { URL: "postgres://u:p@h/db?a=b" }],
])("%j is read", (text, values) => {
  expect(Object.fromEntries(parseEnvFile(text).values)).toEqual(values);
  expect(parseEnvFile(text).mistakes).toEqual([]);
});

test("lines that say nothing are named, and the others still count", () => {
  const file = parseEnvFile('what\n1A=2\nB=3\nC="open\nD=4');
  expect(file.mistakes.map((each) => each.line)).toEqual([1, 2, 4]);
  expect(Object.fromEntries(file.values)).toEqual({ B: "3", D: "4" });
});

const variable = (key: string, value: string, is_secret: boolean): Schema<"EnvVar"> => ({
  id: key,
  key,
  value: is_secret ? "****" : value,
  is_secret,
  created_at: "",
  updated_at: "",
});
const there = [variable("MODE", "test", false), variable("TOKEN", "", true), variable("OLD", "", true)];

test("a text adds and changes, and leaves alone what it does not name", () => {
  const steps = planEnvFile(there, parseEnvFile("MODE=test\nTOKEN=t\nNEW=n"), { secret: true, removeOthers: false });
  expect(steps.map(({ key, what }) => `${key} ${what}`)).toEqual(["MODE same", "TOKEN changed", "NEW new", "OLD kept"]);
  expect(planned(steps)).toContainEqual({ key: "OLD", value: "****", is_secret: true });
  expect(planned(steps)).toContainEqual({ key: "NEW", value: "n", is_secret: true });
});

test("or replaces all", () => {
  const steps = planEnvFile(there, parseEnvFile("NEW=n"), { secret: false, removeOthers: true });
  expect(planned(steps)).toEqual([{ key: "NEW", value: "n", is_secret: false }]);
});
