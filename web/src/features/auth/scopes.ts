import type { Schema } from "@/api/client";

export type Scope = Schema<"Scope">;

/** What a key with the scope may, in the order of the dialog. */
export const scopes: [Scope, string][] = [
  ["functions:read", "See functions, their code and versions"],
  ["functions:write", "Create, deploy, roll back and delete functions"],
  ["projects:read", "See projects, their routes and members"],
  ["projects:write", "Change projects, routes, variables and members"],
  ["calls:read", "Read the log of calls and statistics"],
  ["invoke", "Call functions that are not public"],
  ["secrets:reveal", "Have the secret values of variables shown"],
  ["account", "Manage your sessions and keys"],
  ["admin", "Do what administrators of this server may"],
];

/** "functions:read, invoke", or in a word when they are nearly all. */
export function scopesText(list: Scope[]): string {
  if (list.length === scopes.length) return "Everything";
  if (list.length === scopes.length - 1 && !list.includes("admin")) return "Everything but admin";
  return list.join(", ");
}

/** Days until the end of a key; 0: it has none. */
export const expiries: [number, string][] = [
  [7, "In 7 days"],
  [30, "In 30 days"],
  [90, "In 90 days"],
  [365, "In a year"],
  [0, "Never"],
];

export function expiryTime(days: number, now = Date.now()): string | null {
  return days === 0 ? null : new Date(now + days * 86_400_000).toISOString();
}
