import { expect, test } from "vitest";
import { dayText } from "./days";

test("days are named from now", () => {
  const now = new Date(2026, 2, 1, 0, 30);
  const at = (...when: [number, number, number, number]) => dayText(new Date(...when).toISOString(), now);
  expect([at(2026, 2, 1, 0), at(2026, 1, 28, 23), at(2026, 1, 27, 12)]).toEqual([
    "Today",
    "Yesterday",
    "Friday, February 27, 2026",
  ]);
});
