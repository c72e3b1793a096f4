import { expect, test } from "vitest";
import { EventReader } from "./sse";

test("an event may come in pieces, several may come at once, and comments are none", () => {
  const reader = new EventReader();
  expect(reader.read(':\n\nid: 1\ndata: {"a"')).toEqual([]);
  expect(reader.read(":1}\n")).toEqual([]);
  expect(reader.read("\nevent: gap\ndata: {}\n\nid: 2\ndata: x\n\n:\n\nid:")).toEqual([
    { name: "message", data: '{"a":1}' },
    { name: "gap", data: "{}" },
    { name: "message", data: "x" },
  ]);
});
