import { defineConfig } from "vitest/config";

const shared = { environment: "node", testTimeout: 30_000, hookTimeout: 60_000 } as const;

// One server and one browser for each file. Pages are walked through two files at a time; what measures times comes behind
// them and has the machine for itself.
export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ["default", "./e2e/closing-line.ts"],
    projects: [
      {
        test: {
          ...shared,
          name: "pages",
          include: ["e2e/**/*.test.ts"],
          exclude: ["e2e/**/*.speed.test.ts"],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: "figures",
          include: ["e2e/**/*.speed.test.ts"],
          pool: "forks",
          poolOptions: { forks: { singleFork: true } },
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
