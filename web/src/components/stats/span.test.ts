import { expect, test } from "vitest";
import { changeOf, pointsOf, successRate } from "./change";
import { barsOf, comparable, rangeBefore, rangeOf, type Series } from "./span";

const now = Date.parse("2026-01-31T12:34:20Z");

test("a span begins where a bar begins and holds the present", () => {
  expect(rangeOf("1h", now)).toEqual({ from: "2026-01-31T11:35:00.000Z", to: "2026-01-31T12:35:00.000Z", step: 60 });
  expect(rangeOf("24h", now)).toMatchObject({ from: "2026-01-30T13:00:00.000Z", to: "2026-01-31T13:00:00.000Z" });
});

test("the span before ends where this one begins", () => {
  expect(rangeBefore("24h", now)).toEqual({
    from: "2026-01-29T13:00:00.000Z",
    to: "2026-01-30T13:00:00.000Z",
    step: 3600,
  });
});

test("what was before counts as far as this span has come", () => {
  const total = { calls: 200, errors: 10, p50_ms: 3, p95_ms: 4, p99_ms: 5, cold_share: 0.1, avg_ms: 3 };
  const range = (from: string, to: string): Series => ({ from, to, step_s: 3600, points: [], statuses: {}, total });
  const before = range("2026-01-31T10:00:00Z", "2026-01-31T12:00:00Z");
  const series = range("2026-01-31T12:00:00Z", "2026-01-31T14:00:00Z");
  const half = comparable(before, series, Date.parse("2026-01-31T13:00:00Z"));
  expect(half).toEqual({ ...total, calls: 100, errors: 5 });
});

test("bars add up the points that fall into them", () => {
  const point = (minute: string, calls: number, cold: number | null) => ({
    at: `2026-01-31T12:${minute}:00Z`,
    calls,
    errors: calls > 1 ? 1 : 0,
    cold_share: cold,
    p50_ms: null,
    p95_ms: null,
    p99_ms: null,
    avg_ms: null,
  });
  const bars = barsOf([point("00", 4, 0.5), point("25", 0, null), point("30", 1, 1)], 1800);
  const at = Date.parse("2026-01-31T12:00:00Z") / 1000;
  expect(bars).toEqual([
    { at, calls: 4, errors: 1, cold: 2 },
    { at: at + 1800, calls: 1, errors: 0, cold: 1 },
  ]);
});

test("changes are told against the span before", () => {
  expect(changeOf(112, 100)).toEqual({ text: "+12 %", direction: 1 });
  expect(changeOf(60, 100)).toEqual({ text: "−40 %", direction: -1 });
  expect(changeOf(1200, 100)?.text).toBe("12×");
  expect(changeOf(100.1, 100)?.text).toBe("no change");
  expect([changeOf(5, 0), changeOf(null, 5), changeOf(5, undefined)]).toEqual([undefined, undefined, undefined]);
  expect(pointsOf(0.05, 0.02)).toEqual({ text: "+3 points", direction: 1 });
  expect(pointsOf(0.01, 0)?.text).toBe("+1 point");
});

test("one failure in many is never 100 % success", () => {
  expect(successRate({ calls: 1_000_000, errors: 1 })).toBe("99.99 %");
  expect(successRate({ calls: 3, errors: 1 })).toBe("66.6 %");
  expect(successRate({ calls: 3, errors: 0 })).toBe("100 %");
  expect(successRate({ calls: 0, errors: 0 })).toBe("–");
});
