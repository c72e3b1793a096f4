import { expect, test } from "vitest";
import { isFull, type Log, ROWS_MAX, withNewer, withOlder } from "./log-data";
import type { CallRow } from "./row";

const row = (id: string) => ({ id }) as CallRow;
const rows = (...ids: string[]) => ids.map(row);
const ids = (log: Log) => log.rows.map((each) => each.id).join(" ");
const log: Log = { loading: 1, rows: rows("c", "b"), next: "b" };

test("what the tail brings comes on top, each call once", () => {
  expect(ids(withNewer(log, rows("c", "d", "e", "d")))).toBe("e d c b");
  expect(withNewer(log, rows("b"))).toBe(log);
});

test("older calls come at the end, and only when they are the next ones", () => {
  const more = withOlder(log, "b", { rows: rows("a") });
  expect([ids(more), more.next]).toEqual(["c b a", undefined]);
  expect(withOlder(more, "b", { rows: rows("x") })).toBe(more);
});

test("when too many are held the oldest leave, and could be fetched again", () => {
  const full = withNewer(
    log,
    Array.from({ length: ROWS_MAX - 1 }, (_, at) => row(`n${at}`)),
  );
  expect([full.rows.length, full.rows.at(-1)?.id, full.next]).toEqual([ROWS_MAX, "c", "c"]);
  expect([isFull(full), isFull(log)]).toEqual([true, false]);
});
