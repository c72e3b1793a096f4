import { describe, expect, test } from "vitest";
import { bytes, count, milliseconds, percent, plural, relativeTime } from "./format";

describe("numbers have units that fit their size", () => {
  test.each([
    [0.0004, "0 µs"],
    [0.312, "312 µs"],
    [4.06, "4.1 ms"],
    [42.4, "42 ms"],
    [1500, "1.5 s"],
    [90_000, "1.5 min"],
  ])("%d ms are %s", (ms, text) => expect(milliseconds(ms)).toBe(text));

  test.each([
    [0, "0 B"],
    [1536, "1.5 KB"],
    [11_534_336, "11 MB"],
    [2 ** 50, "1024 TB"],
  ])("%d bytes are %s", (n, text) => expect(bytes(n)).toBe(text));

  test.each([
    [0, "0 %"],
    [0.012, "1.2 %"],
    [0.5, "50 %"],
  ])("a share of %d is %s", (share, text) => expect(percent(share)).toBe(text));

  test("counts stay exact up to ten thousand", () => {
    expect([count(9999), count(12_345), count(1_000_000)]).toEqual(["9,999", "12.3K", "1M"]);
    expect([plural(1, "function"), plural(0, "function")]).toEqual(["1 function", "0 functions"]);
  });
});

test("times are told from now, both ways", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  const at = (seconds: number) => relativeTime(new Date(now + seconds * 1000).toISOString(), now);
  expect([at(-5), at(-90), at(-7200), at(-86_400), at(86_400 * 7 - 1)]).toEqual([
    "just now",
    "1 min. ago",
    "2 hr. ago",
    "yesterday",
    "in 7 days",
  ]);
});
