/** Numbers and times as people read them, always with their unit. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

export function count(n: number): string {
  return n < 10_000 ? whole.format(n) : compact.format(n);
}

/** "3 functions", "1 function". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** 0.312 -> "312 µs", 4.1 -> "4.1 ms", 1500 -> "1.5 s". */
export function milliseconds(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${ms < 10 ? trim(ms, 1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${trim(ms / 1000, 1)} s`;
  return `${trim(ms / 60_000, 1)} min`;
}

export function microseconds(us: number): string {
  return milliseconds(us / 1000);
}

/** 1536 -> "1.5 KB"; powers of 1024, as the limits count. */
export function bytes(n: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  for (; n >= 1024 && at < units.length - 1; at++) n /= 1024;
  return `${n < 10 && at > 0 ? trim(n, 1) : Math.round(n)} ${units[at]}`;
}

/** 0.012 -> "1.2 %". */
export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 10 ? trim(value, 1) : Math.round(value)} %`;
}

function trim(n: number, digits: number): string {
  return String(Number(n.toFixed(digits)));
}

/** In the viewer's own zone. */
export function absoluteTime(iso: string): string {
  return absolute.format(new Date(iso));
}

const spans: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** "5 min. ago", "in 7 days"; below a minute "just now". */
export function relativeTime(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const round = seconds > 0 ? Math.round : Math.trunc;
  for (const [unit, span] of spans) {
    // What has just been set to end in 30 days ends in 30, not in 29 and a bit.
    if (Math.abs(seconds) >= span) return relative.format(round(seconds / span), unit);
  }
  return seconds > 10 ? "in a moment" : "just now";
}
