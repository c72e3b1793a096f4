/** Round numbers for an axis of values. */

const LINES = 5;

/** Between two lines, so that at most five of them reach over the highest value: 1, 2, 2.5 or 5 by a power of ten. */
export function stepOf(highest: number, whole = false): number {
  const exact = highest / LINES;
  const power = 10 ** Math.floor(Math.log10(exact) + 1e-9);
  const factor = [1, 2, ...(whole ? [] : [2.5]), 5, 10].find((each) => each * power >= exact * (1 - 1e-9)) ?? 10;
  return whole ? Math.max(1, factor * power) : factor * power;
}

/** Where the lines are. */
export function lines(top: number, whole = false): number[] {
  const step = stepOf(top, whole);
  return Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step);
}
