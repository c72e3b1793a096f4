import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { Result } from "../queries";
import { moved } from "./grid-parts";
import { ResultGrid } from "./result-grid";

const result: Result = {
  columns: [
    { name: "id", type: "integer" },
    { name: "about", type: "jsonb" },
  ],
  rows: [
    ["1", null],
    ["2", '{"a":[1]}'],
  ],
  truncated: false,
  command: "SELECT 2",
  duration_ms: 1,
};

test("keys lead from cell to cell and stop at the edges", () => {
  expect(moved("ArrowDown", undefined, 2, 2)).toEqual({ row: 0, column: 0 });
  expect(moved("ArrowLeft", { row: 1, column: 0 }, 2, 2)).toEqual({ row: 1, column: 0 });
  expect(moved("PageDown", { row: 0, column: 1 }, 5, 2)).toEqual({ row: 4, column: 1 });
  expect(moved("a", { row: 0, column: 1 }, 5, 2)).toBeUndefined();
});

test("the chosen cell is shown in full, and null is told from text", async () => {
  Element.prototype.scrollIntoView = vi.fn();
  render(<ResultGrid label="Result" result={result} />);
  screen.getByRole("grid", { name: "Result" }).focus();
  await userEvent.keyboard("{ArrowDown}{ArrowRight}");
  expect(screen.getByRole("region", { name: "Value of about" }).textContent).toContain("null");
  await userEvent.keyboard("{ArrowDown}");
  expect(screen.getByRole("region", { name: "Value of about" }).textContent).toContain('"a": [');
  await userEvent.keyboard("{Escape}");
  expect(screen.queryByRole("region", { name: "Value of about" })).toBeNull();
});

test("no rows are said in words", () => {
  render(<ResultGrid label="Result" result={{ ...result, rows: [] }} />);
  expect(screen.getByText("No rows.")).toBeTruthy();
});
