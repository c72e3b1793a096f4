/** The settings of a function as text and choices that a form can hold, and back. */
import type { Schema } from "@/api/client";

type Fn = Schema<"Function">;

export const limitNames = [
  "memory_mb",
  "cpu",
  "timeout_ms",
  "pids",
  "tmp_mb",
  "output_kb",
  "result_kb",
  "file_mb",
  "open_files",
] as const;
export type LimitName = (typeof limitNames)[number];

export const countNames = ["concurrency", "queue", "rate_limit", "client_rate_limit"] as const;
export type CountName = (typeof countNames)[number];

export interface Variable {
  /** Stays while its name is typed. */
  id: string;
  key: string;
  /** The server has one of this name. */
  stored: boolean;
  /** Null: the one that is stored, which nobody is shown. */
  value: string | null;
}

/** Numbers are texts here: what is typed may not be one yet. */
export interface Form extends Record<LimitName | CountName, string> {
  name: string;
  description: string;
  project_id: string | null;
  runtime: Fn["runtime"];
  handler: string;
  reuse: Fn["reuse"];
  snapstart: boolean;
  network_enabled: boolean;
  access: Fn["access"];
  public_logs: boolean;
  environment: Variable[];
}

export function formOf(fn: Fn): Form {
  const texts = <Name extends string>(names: readonly Name[], from: Record<Name, number>) =>
    Object.fromEntries(names.map((name) => [name, String(from[name])])) as Record<Name, string>;
  const { name, description, project_id, runtime, handler, reuse, snapstart, network_enabled, access, public_logs } =
    fn;
  return {
    ...{ name, description, project_id, runtime, handler, reuse, snapstart, network_enabled, access, public_logs },
    ...texts(limitNames, fn.limits),
    ...texts(countNames, fn),
    environment: Object.keys(fn.environment ?? {}).map((key) => ({ id: key, key, stored: true, value: null })),
  };
}

/** Nothing typed, or no number, goes out as null: the server says what it wants in its place. */
function number(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

/** The request that saves these fields. */
export function changeOf(fields: Partial<Form>): Schema<"FunctionChange"> {
  const { environment, ...rest } = fields;
  const change: Record<string, unknown> = {};
  const limits: Record<string, number> = {};
  for (const [name, value] of Object.entries(rest)) {
    if ((limitNames as readonly string[]).includes(name)) limits[name] = number(String(value));
    else change[name] = (countNames as readonly string[]).includes(name) ? number(String(value)) : value;
  }
  if (Object.keys(limits).length > 0) change.limits = limits;
  if (environment) change.environment = environmentOf(environment);
  return change;
}

function environmentOf(variables: Variable[]): Record<string, string> {
  const named = variables.filter(({ key, value }) => key !== "" || value !== "");
  return Object.fromEntries(named.map(({ key, value }) => [key, value ?? "****"]));
}

/** A name that stands there twice. */
export function twice(variables: Variable[]): string | undefined {
  const names = variables.map(({ key }) => key);
  return names.find((name, at) => name !== "" && names.indexOf(name) !== at);
}

/** The fields of `fields` that differ from what is stored. */
export function differing(fields: Partial<Form>, stored: Form): Partial<Form> {
  const same = (name: string, value: unknown) =>
    JSON.stringify(value) === JSON.stringify((stored as unknown as Record<string, unknown>)[name]);
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => !same(name, value)));
}
