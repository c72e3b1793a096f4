/** What the list of the log holds, newest first, and how it grows at both ends. */
import type { Page } from "@/api/client";
import type { CallRow } from "./row";

/** So many rows are held at most, about 5 MB of them. When new ones come beyond that the oldest leave, and no older ones are
 * fetched: whoever looks for something narrows the filters. */
export const ROWS_MAX = 10_000;

export interface Log {
  /** Tells one loading from another: what was scrolled to belongs to one. */
  loading: number;
  rows: CallRow[];
  /** Behind which call older ones are; absent when there are none. */
  next?: string;
  /** From when on, where the filter says "the last hour". */
  since?: string;
}

/** With what the tail has brought, oldest first. What is there already, as after a broken connection, is not added again. */
export function withNewer(log: Log, fresh: CallRow[]): Log {
  const known = new Set(log.rows.map((row) => row.id));
  const added: CallRow[] = [];
  for (const row of fresh) {
    if (known.has(row.id)) continue;
    known.add(row.id);
    added.push(row);
  }
  if (added.length === 0) return log;
  return capped({ ...log, rows: [...added.reverse(), ...log.rows] });
}

/** With a page of older calls, unless they are not the next ones any more. */
export function withOlder(log: Log, before: string, page: Page<CallRow>): Log {
  if (log.next !== before) return log;
  const known = new Set(log.rows.map((row) => row.id));
  const { next: _, ...rest } = log;
  const rows = [...log.rows, ...page.rows.filter((row) => !known.has(row.id))];
  return capped({ ...rest, rows, ...(page.next && { next: page.next }) });
}

function capped(log: Log): Log {
  const last = log.rows[ROWS_MAX - 1];
  if (!last || log.rows.length === ROWS_MAX) return log;
  return { ...log, rows: log.rows.slice(0, ROWS_MAX), next: last.id };
}

export function isFull(log: Log): boolean {
  return log.rows.length >= ROWS_MAX;
}
