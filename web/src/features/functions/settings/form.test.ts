import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { changeOf, differing, formOf, twice } from "./form";

const fn = {
  name: "hello",
  project_id: null,
  limits: { memory_mb: 128, cpu: 0.5, timeout_ms: 30000 },
  concurrency: 16,
  environment: { TOKEN: "****" },
} as unknown as Schema<"Function">;

test("what is typed and what is stored are the same once they read the same", () => {
  const stored = formOf(fn);
  expect(differing({ cpu: "0.5", concurrency: "17", environment: stored.environment }, stored)).toEqual({
    concurrency: "17",
  });
});

test("limits go out together, as numbers", () => {
  expect(changeOf({ memory_mb: "256", cpu: "1.5", queue: "0", name: "hi" })).toEqual({
    limits: { memory_mb: 256, cpu: 1.5 },
    queue: 0,
    name: "hi",
  });
});

test("a number that is none is left to the server to refuse", () => {
  expect(JSON.stringify(changeOf({ memory_mb: " ", concurrency: "1o" }))).toBe(
    '{"concurrency":null,"limits":{"memory_mb":null}}',
  );
});

test("a variable that is not replaced keeps its value, and an empty row is none", () => {
  const environment = [
    { id: "TOKEN", key: "TOKEN", stored: true, value: null },
    { id: "1", key: "MODE", stored: false, value: "test" },
    { id: "2", key: "", stored: false, value: "" },
  ];
  expect(changeOf({ environment })).toEqual({ environment: { TOKEN: "****", MODE: "test" } });
  expect(twice(environment)).toBeUndefined();
  expect(twice([...environment, { id: "3", key: "MODE", stored: false, value: "" }])).toBe("MODE");
});
