import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { indexOfText, toRow } from "./row";

const call = (texts: Partial<Schema<"Invocation">>) =>
  ({ error: null, output: "", stdout: "", stderr: "", input: "{}", ...texts }) as Schema<"Invocation">;

test("a call is told by the first line of its error, else of its result, else of what it printed", () => {
  expect(toRow(call({ error: "KeyError: 'x'\nmore", output: "1" })).line).toBe("KeyError: 'x'");
  expect(toRow(call({ output: "\n  {}\n" })).line).toBe("{}");
  expect(toRow(call({ stderr: "oh" })).line).toBe("oh");
  expect(toRow(call({ output: "x".repeat(1000) })).line).toHaveLength(240);
});

test("of a search the text that has it is shown", () => {
  const one = call({ output: "{}", stdout: `start\n${"-".repeat(60)} Order 7\n` });
  expect(toRow(one, "ORDER").line).toMatch(/^stdout: …-+ Order 7$/);
  expect(toRow(one, "{}").line).toBe("{}");
});

test("only ASCII letters are alike, and places stay", () => {
  expect([indexOfText("İx", "X"), indexOfText("Ä", "ä")]).toEqual([1, -1]);
});
