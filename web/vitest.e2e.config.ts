import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// What is waited for comes at once, but not while other programs have the processors: these bounds only end what hangs. A wait
// ends before its test does, and says what it waited for (patience in e2e/browser.ts).
const shared = {
  environment: "node",
  testTimeout: 180_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 45_000 } },
} as const;
// The list of the router's pages is the dashboard's own.
const resolve = { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } };

// One server and one browser for each file. Pages are walked through three files at a time; what measures times comes behind
// them and has the machine for itself. Last comes what looks back at the whole run.
export default defineConfig({
  test: {
    maxWorkers: 3,
    reporters: ["default", "./e2e/closing-line.ts"],
    projects: [
      {
        resolve,
        test: {
          ...shared,
          name: "pages",
          include: ["e2e/**/*.test.ts"],
          exclude: ["e2e/**/*.speed.test.ts", "e2e/**/*.last.test.ts"],
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve,
        test: {
          ...shared,
          name: "figures",
          include: ["e2e/**/*.speed.test.ts"],
          pool: "forks",
          poolOptions: { forks: { singleFork: true } },
          sequence: { groupOrder: 2 },
        },
      },
      {
        resolve,
        test: { ...shared, name: "whole run", include: ["e2e/**/*.last.test.ts"], sequence: { groupOrder: 3 } },
      },
    ],
  },
});
