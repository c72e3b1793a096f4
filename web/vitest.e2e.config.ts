import { defineConfig } from "vitest/config";

// One server and one browser for each file; files one after the other, since they measure times.
export default defineConfig({
  test: {
    environment: "node",
    include: ["e2e/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ["default", "./e2e/closing-line.ts"],
  },
});
