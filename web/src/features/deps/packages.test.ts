import { expect, test } from "vitest";
import { addPackage, diffLines, nodeName, pythonName, reasonOf } from "./packages";

test("names that pip takes for one are one", () => {
  expect([
    pythonName("Opencv_Python.headless[x]>=4 ; python_version>'3'"),
    pythonName("# no"),
    pythonName("--x"),
  ]).toEqual(["opencv-python-headless", "", ""]);
});

test("a package of Python becomes a line of its own, once", () => {
  expect(addPackage("python", "", "requests==2.31.0")).toEqual({ text: "requests==2.31.0\n" });
  expect(addPackage("python", "requests\n\n", " numpy ")).toEqual({ text: "requests\nnumpy\n" });
  expect(addPackage("python", "My_Package>=1\n", "my.package").problem).toContain("already");
  expect(addPackage("python", "", "-e .").problem).toContain("no name");
});

test("a package of Node is added to the dependencies and leaves the rest alone", () => {
  expect(addPackage("node", "", "left-pad")).toEqual({ text: '{\n  "dependencies": {\n    "left-pad": "*"\n  }\n}\n' });
  const text = '{"type":"module","dependencies":{"pg":"^8"}}';
  expect(JSON.parse(addPackage("node", text, "@a/b@~1.2").text)).toEqual({
    type: "module",
    dependencies: { pg: "^8", "@a/b": "~1.2" },
  });
  expect(addPackage("node", text, "pg@9").problem).toContain("already");
  expect(addPackage("node", "{", "pg").problem).toContain("mend");
  expect(nodeName("@a/b")).toEqual(["@a/b", "*"]);
});

test("a difference keeps the lines in common", () => {
  const words = diffLines("a\nb\nc\n", "a\nc==1\nc\nd\n").map(({ what, text }) => `${what[0]}${text}`);
  expect(words).toEqual(["sa", "rb", "ac==1", "sc", "ad"]);
  expect(diffLines("", "x\n")).toEqual([{ what: "added", text: "x" }]);
});

test("a build failed for what the package manager says, or else the server", () => {
  expect(reasonOf("pip ended", "x\nERROR: Could not find it\nERROR: No matching distribution\n")).toBe(
    "No matching distribution",
  );
  expect(reasonOf("npm ended", "npm error code E404\nnpm error 404 Not Found: pgg\n")).toBe("404 Not Found: pgg");
  expect([reasonOf("out of memory", "Collecting a\n"), reasonOf(null, "")]).toEqual([
    "Out of memory",
    "The build failed",
  ]);
});
