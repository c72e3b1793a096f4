import { expect, test } from "vitest";
import { lines, stepOf } from "./scale";

test("lines stand at round numbers and reach over the highest value", () => {
  expect([11, 9, 3, 1, 230].map((highest) => stepOf(highest, true))).toEqual([5, 2, 1, 1, 50]);
  expect(lines(15, true)).toEqual([0, 5, 10, 15]);
  expect(lines(1)).toEqual([0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
});

test("the top of an axis keeps the step that it was rounded to", () => {
  for (const highest of [0.003, 0.7, 1.01, 2.7, 9.99, 11, 49, 51, 101, 999, 12_345]) {
    const step = stepOf(highest);
    const top = Math.ceil(highest / step) * step;
    expect(stepOf(top)).toBeCloseTo(step, 10);
    expect(lines(top).length).toBeLessThanOrEqual(6);
  }
});
