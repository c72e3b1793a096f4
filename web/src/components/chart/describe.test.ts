import { expect, test } from "vitest";
import type { ChartProps } from "../chart";
import { describe as inWords, pointTime, summarize } from "./describe";

const noon = new Date(2026, 0, 31, 12, 0).getTime() / 1000;
const chart: ChartProps = {
  label: "Durations in the last hour",
  kind: "lines",
  times: [noon, noon + 1800],
  step: 1800,
  series: [
    { name: "p50", color: 3, values: [4, null] },
    { name: "p99", color: 4, values: [null, null] },
  ],
  format: (value) => `${value} ms`,
};

test("a chart is summed up by the highest of each series", () => {
  expect(summarize(chart)).toBe("Durations in the last hour: p50 at most 4 ms, p99 without values");
});

test("a point is told with its time and all its values", () => {
  expect(inWords(chart, 0)).toMatch(/2026.*12:00.*12:30.*: p50 4 ms, p99 none$/);
  expect(inWords(chart, -1)).toBe("no values");
});

test("points of a minute have a time, longer ones an extent", () => {
  expect(pointTime({ times: [noon], step: 60 }, 0)).not.toMatch(/12:01/);
  expect(pointTime({ times: [noon], step: 1800 }, 0)).toMatch(/12:30/);
});
