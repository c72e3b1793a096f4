import { expect, test } from "vitest";
import { changedPaths, entryPath, isTooLarge, type OpenFile, pathProblem, saveBody, treeRows } from "./files";

const file = (path: string, text: string | null = "1"): OpenFile => ({ path, text, mode: "0644" });

test("a save names what is as it was by its path alone", () => {
  const base = [file("a.py"), file("b.py"), file("logo.png", null)];
  const files = [file("a.py", "2"), file("b.py"), file("logo.png", null), file("c.py")];
  expect(saveBody(files, base)).toEqual([
    { path: "a.py", text: "2", mode: "0644" },
    { path: "b.py" },
    { path: "logo.png" },
    { path: "c.py", text: "1", mode: "0644" },
  ]);
});

test("a save over another version writes every text", () => {
  expect(saveBody([file("a.py"), file("logo.png", null)], [file("a.py")], true)).toEqual([
    { path: "a.py", text: "1", mode: "0644" },
    { path: "logo.png" },
  ]);
});

test("what is changed, new or gone is changed", () => {
  const changed = changedPaths(
    [file("a.py", "2"), file("b.py"), file("d.py")],
    [file("a.py"), file("b.py"), file("c.py")],
  );
  expect([...changed]).toEqual(["a.py", "d.py", "c.py"]);
});

test("a tree has folders first, and leaves out what is in a closed one", () => {
  const paths = ["main.py", "lib/b.py", "lib/deep/a.py", "a.py"];
  const names = (closed?: Set<string>) => treeRows(paths, closed).map(({ path, depth }) => `${depth} ${path}`);
  expect(names()).toEqual(["0 lib", "1 lib/deep", "2 lib/deep/a.py", "1 lib/b.py", "0 a.py", "0 main.py"]);
  expect(names(new Set(["lib"]))).toEqual(["0 lib", "0 a.py", "0 main.py"]);
});

test.each(["", "/a", "a//b", "../a", "a/.", "a.py", "lib", "a.py/b"])("%j is no path of a new file", (path) => {
  expect(pathProblem(path, ["a.py", "lib/b.py"])).toBeTruthy();
});

test("other paths are", () => {
  expect(pathProblem("lib/c d.py", ["a.py", "lib/b.py"])).toBeUndefined();
});

test.each([
  ["main.handler", "python", ["a.py", "main.py"], "main.py"],
  ["app.main.handler", "python", ["app/main.py", "main.py"], "app/main.py"],
  ["index.handler", "nodejs", ["index.mjs", "main.js"], "index.mjs"],
  ["bootstrap", "provided", ["a", "bootstrap"], "bootstrap"],
])("the entry of %s (%s) among %j is %s", (handler, runtime, paths, entry) => {
  expect(entryPath(handler, runtime, paths)).toBe(entry);
});

test("bytes that were put here are sent once, and again only over another version", () => {
  const logo = { ...file("logo.png", null), base64: "AAAA" };
  expect(saveBody([logo], [])).toEqual([{ path: "logo.png", base64: "AAAA", mode: "0644" }]);
  expect(saveBody([logo], [logo])).toEqual([{ path: "logo.png" }]);
  expect(saveBody([logo], [logo], true)).toEqual([{ path: "logo.png", base64: "AAAA", mode: "0644" }]);
});

test.each([
  [1024 * 1024, 0, false],
  [1024 * 1024 + 1, 0, true],
  [1024 * 1024, 3.5 * 1024 * 1024, true],
])("of %d bytes beside %d of text: too large to be shown is %s", (size, others, large) => {
  const data = { ...file("data.bin", null), size };
  expect(isTooLarge(data, [data, { ...file("a.py"), size: others }])).toBe(large);
});
