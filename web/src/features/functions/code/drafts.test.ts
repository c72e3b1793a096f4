import { beforeEach, expect, test } from "vitest";
import { draftFiles, findDraft, keepDraft } from "./drafts";
import type { OpenFile } from "./files";

beforeEach(() => localStorage.clear());
const file = (path: string, text: string | null = "1"): OpenFile => ({ path, text, mode: "0644" });

test("a draft goes over the files of its version, and what it does not name is gone", () => {
  keepDraft("f", 3, [{ path: "a.py", text: "2", mode: "0755" }, { path: "b.py" }, { path: "logo.png" }]);
  const draft = findDraft("f");
  expect(draft?.base).toBe(3);
  expect(draft && draftFiles(draft, [file("a.py"), file("b.py"), file("c.py"), file("logo.png", null)])).toEqual([
    { path: "a.py", text: "2", mode: "0755" },
    file("b.py"),
    file("logo.png", null),
  ]);
});

test("what is too large is not kept, nor what was kept before it", () => {
  expect(keepDraft("f", 1, [{ path: "a.py", text: "short" }])).toBe(true);
  expect(keepDraft("f", 1, [{ path: "a.py", text: "x".repeat(600_000) }])).toBe(false);
  expect(findDraft("f")).toBeUndefined();
});

test("of many functions those that were worked on last keep their drafts", () => {
  for (let n = 0; n < 12; n++) keepDraft(`f${n}`, 1, [{ path: "a.py", text: String(n) }]);
  expect(Object.keys(localStorage)).toHaveLength(8);
  expect(findDraft("f11")).toBeDefined();
});

test.each([
  "",
  "[]",
  '{"base": "1", "files": []}',
  '{"base": 1, "files": [{"path": 1}]}',
  '{"base": 1, "files": [null]}',
])("%j is no draft", (text) => {
  localStorage.setItem("virga.draft.f", text);
  expect(findDraft("f")).toBeUndefined();
});
