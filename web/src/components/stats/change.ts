/** How numbers of a span differ from those of the span before, in words. */
import type { Schema } from "@/api/client";
import { count, milliseconds, percent } from "@/lib/format";
import type { Sum } from "./span";

export interface Change {
  text: string;
  direction: -1 | 0 | 1;
}

const sign = (n: number) => (n > 0 ? "+" : "−");

/** "+12 %", "−40 %", "12×"; undefined when there was nothing before to compare with. */
export function changeOf(now: number | null, before: number | null | undefined): Change | undefined {
  if (now === null || !before) return undefined;
  const share = (now - before) / before;
  if (Math.abs(share) < 0.005) return { text: "no change", direction: 0 };
  if (share >= 9) return { text: `${Math.round(now / before)}×`, direction: 1 };
  return { text: sign(share) + percent(Math.abs(share)), direction: share > 0 ? 1 : -1 };
}

/** Of shares, in points: from 2 % to 5 % are "+3 points". */
export function pointsOf(now: number | null, before: number | null | undefined): Change | undefined {
  if (now === null || before === null || before === undefined) return undefined;
  const points = Math.round((now - before) * 1000) / 10;
  if (points === 0) return { text: "no change", direction: 0 };
  const size = Math.abs(points);
  return { text: `${sign(points)}${size} ${size === 1 ? "point" : "points"}`, direction: points > 0 ? 1 : -1 };
}

/** Of calls; never "100 %" when one of them failed. */
export function successRate({ calls, errors }: Pick<Sum, "calls" | "errors">): string {
  if (calls === 0) return "–";
  const rate = ((calls - errors) / calls) * 100;
  return `${Math.floor(rate * (rate > 99 ? 100 : 10)) / (rate > 99 ? 100 : 10)} %`;
}

/** Totals of all time in a line. The server rounds the average to milliseconds. */
export function allTime({ total_invocations: calls, success_rate, avg_duration_ms }: Schema<"Stats">): string[] {
  const average = avg_duration_ms === 0 ? "below 1 ms" : milliseconds(avg_duration_ms);
  return [
    `${count(calls)} ${calls === 1 ? "call" : "calls"} of all time`,
    `${success_rate} % successful`,
    `${average} on average`,
  ];
}
