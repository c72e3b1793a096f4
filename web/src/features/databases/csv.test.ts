import { expect, test } from "vitest";
import { columnWidth, csvOf, sqlName } from "./csv";

test("null and an empty text are told apart, and quotes are doubled", () => {
  const columns = [
    { name: "id", type: "integer" },
    { name: "a,b", type: "text" },
  ];
  const rows = [
    ["1", null],
    ["2", ""],
    ["3", 'say "hi"\nthere'],
  ];
  expect(csvOf({ columns, rows })).toBe('id,"a,b"\r\n1,\r\n2,""\r\n3,"say ""hi""\nthere"\r\n');
});

test("names that are no plain words are quoted", () => {
  expect([sqlName("orders"), sqlName("Order"), sqlName('a"b')]).toEqual(["orders", '"Order"', '"a""b"']);
});

test("a column is as wide as what stands in it, within bounds", () => {
  expect([columnWidth("id", "int4", ["1"]), columnWidth("t", "text", ["x".repeat(99)])]).toEqual([8, 40]);
  expect(columnWidth("t", "text", ["a longer line\nand more", null])).toBe(17);
});
