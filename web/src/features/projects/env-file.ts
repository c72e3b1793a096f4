/** Texts as in .env files: "KEY=value" lines, comments, quotes, values of several lines in quotes. */
import type { Schema } from "@/api/client";

export interface EnvFile {
  /** In the order of the text; of a key that stands there twice the later value. */
  values: Map<string, string>;
  mistakes: { line: number; text: string }[];
}

const assignment = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=[^\S\n]*/;
const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

export function parseEnvFile(text: string): EnvFile {
  const file: EnvFile = { values: new Map(), mistakes: [] };
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (!line.trim() || line.trim().startsWith("#")) continue;
    const [start, key] = assignment.exec(line) ?? [];
    if (start === undefined || key === undefined) {
      file.mistakes.push({ line: at + 1, text: "is not KEY=value" });
      continue;
    }
    const value = readValue(line.slice(start.length), lines.slice(at + 1));
    if (!value) file.mistakes.push({ line: at + 1, text: "has a quote that does not end" });
    else {
      file.values.set(key, value.text);
      at += value.moreLines;
    }
  }
  return file;
}

interface Value {
  text: string;
  /** Lines behind the first that belong to it. */
  moreLines: number;
}

function readValue(first: string, following: string[]): Value | undefined {
  const quote = first[0];
  if (quote !== '"' && quote !== "'" && quote !== "`") {
    return { text: first.replace(/(^|\s)#.*$/, "").trim(), moreLines: 0 };
  }
  let raw = first.slice(1);
  for (let more = 0; ; more++) {
    const end = quoteEnd(raw, quote);
    if (end >= 0) return { text: resolve(raw.slice(0, end), quote), moreLines: more };
    const next = following[more];
    if (next === undefined) return undefined;
    raw += `\n${next}`;
  }
}

function quoteEnd(text: string, quote: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\" && quote === '"') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}

function resolve(text: string, quote: string): string {
  return quote === '"' ? text.replace(/\\([\s\S])/g, (_, one: string) => escapes[one] ?? one) : text;
}

export type Step = Schema<"EnvVarSet"> & { what: "new" | "changed" | "same" | "kept" | "removed" };

interface PlanOptions {
  /** Whether the new ones are secrets; the others stay what they are. */
  secret: boolean;
  removeOthers: boolean;
}

/** What a text would do to the variables that are there. What it does not touch keeps its value, secrets by their mask. */
export function planEnvFile(there: Schema<"EnvVar">[], { values }: EnvFile, options: PlanOptions): Step[] {
  const named = [...values].map(([key, value]): Step => {
    const old = there.find((each) => each.key === key);
    if (!old) return { key, value, is_secret: options.secret, what: "new" };
    const same = !old.is_secret && old.value === value;
    return { key, value, is_secret: old.is_secret, what: same ? "same" : "changed" };
  });
  const others = there
    .filter((old) => !values.has(old.key))
    .map(({ key, value, is_secret }): Step => {
      const what = options.removeOthers ? "removed" : "kept";
      return { key, value: is_secret ? "****" : (value ?? ""), is_secret, what };
    });
  return [...named, ...others];
}

/** The list that is sent: all that is there afterwards. */
export function planned(steps: Step[]): Schema<"EnvVarSet">[] {
  return steps.filter(({ what }) => what !== "removed").map(({ key, value, is_secret }) => ({ key, value, is_secret }));
}
