/** What was run in this browser, per project, the newest first. */
import { recall, remember } from "@/lib/storage";

const key = (project: string) => `virga.sql.${project}`;
const entriesMax = 50;
const charactersMax = 10_000;

export function readHistory(project: string): string[] {
  try {
    const entries: unknown = JSON.parse(recall(key(project)) ?? "[]");
    return Array.isArray(entries) ? entries.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

export function addToHistory(project: string, sql: string): string[] {
  const text = sql.trim();
  const before = readHistory(project);
  if (!text || text.length > charactersMax) return before;
  const entries = [text, ...before.filter((each) => each !== text)].slice(0, entriesMax);
  remember(key(project), JSON.stringify(entries));
  return entries;
}

export function clearHistory(project: string) {
  remember(key(project), null);
}
