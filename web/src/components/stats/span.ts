/** The spans of time that statistics are shown for. */
import type { Schema } from "@/api/client";
import { choiceParam } from "@/lib/search";

export type Span = "1h" | "24h" | "7d";
type Step = 60 | 300 | 3600;

interface SpanShape {
  name: string;
  before: string;
  seconds: number;
  /** Seconds between the points that the server gives. */
  step: Step;
  /** Seconds that a bar stands for: several points, so that bars stay wide enough to be seen. */
  bar: number;
  barName: string;
}

export const spans: Record<Span, SpanShape> = {
  "1h": { name: "the last hour", before: "the hour before", seconds: 3600, step: 60, bar: 60, barName: "a minute" },
  "24h": {
    name: "the last 24 hours",
    before: "the 24 hours before",
    seconds: 86_400,
    step: 300,
    bar: 1800,
    barName: "30 minutes",
  },
  "7d": {
    name: "the last 7 days",
    before: "the 7 days before",
    seconds: 604_800,
    step: 3600,
    bar: 14_400,
    barName: "4 hours",
  },
};

export const spanSearch = { span: choiceParam<Span>("24h", "1h", "7d") };

interface Range {
  from: string;
  to: string;
  step: Step;
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

/** The span up to now; its beginning lies where a bar begins. */
export function rangeOf(span: Span, now = Date.now()): Range {
  const { seconds, step, bar } = spans[span];
  const to = Math.floor(now / 1000 / bar + 1) * bar;
  return { from: iso(to - seconds), to: iso(to), step };
}

/** As much of the span before as has passed of this one, so that the two can be compared. */
export function rangeBefore(span: Span, now = Date.now()): Range {
  const { seconds, step } = spans[span];
  const from = new Date(rangeOf(span, now).from).getTime() / 1000;
  const passed = Math.max(step, Math.ceil((now / 1000 - from) / step) * step);
  return { from: iso(from - seconds), to: iso(from - seconds + passed), step };
}

export type Series = Schema<"Series">;
export type Sum = Schema<"Sum">;

export interface Bar {
  /** Seconds since 1970 where it begins. */
  at: number;
  calls: number;
  errors: number;
  cold: number;
}

/** Points put together to bars of so many seconds each. */
export function barsOf(points: Series["points"], seconds: number): Bar[] {
  const bars: Bar[] = [];
  for (const point of points) {
    const at = Math.floor(Date.parse(point.at) / 1000 / seconds) * seconds;
    let bar = bars.at(-1);
    if (bar?.at !== at) {
      bar = { at, calls: 0, errors: 0, cold: 0 };
      bars.push(bar);
    }
    bar.calls += point.calls;
    bar.errors += point.errors;
    bar.cold += Math.round(point.calls * (point.cold_share ?? 0));
  }
  return bars;
}
