import type { Result } from "./queries";

/** A result as comma-separated values, with a line of names; null is an empty field, an empty text is "". */
export function csvOf({ columns, rows }: Pick<Result, "columns" | "rows">): string {
  const lines = [columns.map(({ name }) => field(name)), ...rows.map((row) => row.map(field))];
  return `${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}

function field(value: string | null): string {
  if (value === null) return "";
  return value === "" || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** A name as SQL takes it: "Order" needs quotes, orders does not. */
export function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Width of a column in characters, with what is left free at its sides: as wide as its first rows, within bounds. */
export function columnWidth(name: string, type: string, values: (string | null | undefined)[]): number {
  const longest = Math.max(name.length, type.length, ...values.map((value) => firstLine(value ?? "null").length));
  return Math.min(40, Math.max(8, longest + 4));
}

const firstLine = (text: string) => text.split("\n", 1)[0] ?? "";
