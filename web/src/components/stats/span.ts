/** The spans of time that statistics are shown for. */
import type { Schema } from "@/api/client";
import { choiceParam } from "@/lib/search";

export type Span = "1h" | "24h" | "7d";
type Step = 60 | 300 | 3600;

interface SpanShape {
  name: string;
  before: string;
  seconds: number;
  /** Seconds between the points that the server gives: few points, since they are asked for again and again. */
  step: Step;
  /** The same for the span before, of which only the totals count. */
  coarse: Step;
  /** Seconds that a bar stands for. */
  bar: number;
  barName: string;
}

const HOUR = 3600;
const DAY = 24 * HOUR;

export const spans: Record<Span, SpanShape> = {
  "1h": {
    name: "the last hour",
    before: "the hour before",
    seconds: HOUR,
    step: 60,
    coarse: 300,
    bar: 60,
    barName: "a minute",
  },
  "24h": {
    name: "the last 24 hours",
    before: "the 24 hours before",
    seconds: DAY,
    step: 3600,
    coarse: 3600,
    bar: HOUR,
    barName: "an hour",
  },
  "7d": {
    name: "the last 7 days",
    before: "the 7 days before",
    seconds: 7 * DAY,
    step: 3600,
    coarse: 3600,
    bar: 4 * HOUR,
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

/** The span before that. */
export function rangeBefore(span: Span, now = Date.now()): Range {
  const { seconds, coarse } = spans[span];
  const end = Date.parse(rangeOf(span, now).from) / 1000;
  return { from: iso(end - seconds), to: iso(end), step: coarse };
}

export type Series = Schema<"Series">;
export type Sum = Schema<"Sum">;

/** What was before, as much of it as this span has lasted: its end may be up to a bar ahead. */
export function comparable(before: Series, series: Series, now = Date.now()): Sum {
  const seconds = (range: Series, end = Date.parse(range.to)) =>
    (Math.min(end, Date.parse(range.to)) - Date.parse(range.from)) / 1000;
  const share = seconds(series, now) / seconds(before);
  return { ...before.total, calls: before.total.calls * share, errors: before.total.errors * share };
}

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
