/** Charts in words. */
import type { ChartProps } from "../chart";

const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The time that a point is about, in the viewer's zone. */
export function pointTime({ times, step }: Pick<ChartProps, "times" | "step">, at: number): string {
  const from = (times[at] ?? 0) * 1000;
  return step <= 60 ? when.format(from) : when.formatRange(from, from + step * 1000);
}

type Values = Pick<ChartProps, "series" | "format">;

/** All values of a point, with their units. */
export function pointValues({ series, format }: Values, at: number): [string, string][] {
  return series.map(({ name, values }) => {
    const value = values[at];
    return [name, value === null || value === undefined ? "none" : format(value)];
  });
}

/** "Jan 31, 2026, 12:30 PM: Calls 12, Errors 1". */
export function describe(props: ChartProps, at: number): string {
  if (at < 0) return "no values";
  const values = pointValues(props, at).map(([name, value]) => `${name} ${value}`);
  return `${pointTime(props, at)}: ${values.join(", ")}`;
}

/** What a glance at the chart tells. */
export function summarize({ label, series, format }: ChartProps): string {
  const highest = series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    return `${name} ${known.length > 0 ? `at most ${format(Math.max(...known))}` : "without values"}`;
  });
  return `${label}: ${highest.join(", ")}`;
}
