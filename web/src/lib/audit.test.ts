import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { actionText, detailText } from "./audit";

/** Every action that the server writes, as its sources have them. */
function actionsOfTheServer(): string[] {
  const folders = ["auth", "projects", "functions", "gateway", "databases", "deps"].map((name) => join("../src", name));
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const sources = files.filter((path) => path.endsWith(".c") && !path.endsWith("_test.c"));
  const action =
    /"(setup|login|logout|(?:account|session|key|invite|project|member|variable|variables|domain|function|input|route|packages|database)\.[a-z_.]+)"/g;
  return [
    ...new Set(
      sources.flatMap((path) => [...readFileSync(path, "utf8").matchAll(action)].map(([, name]) => name ?? "")),
    ),
  ];
}

test("every action of the server has words", () => {
  const actions = actionsOfTheServer();
  expect(actions).toEqual(
    expect.arrayContaining([
      "login",
      "member.set",
      "packages.save",
      "function.deploy",
      "route.change",
      "database.backup.delete",
    ]),
  );
  expect(actions.filter((action) => actionText(action) === action)).toEqual([]);
});

test("ids are told by the names of accounts, or cut", () => {
  const names = new Map([["0123456789abcdef01234567", "bob"]]);
  expect(detailText("0123456789abcdef01234567 editor", names)).toBe("bob editor");
  expect(detailText("build 71c07cb1d608dacaefad8593", names)).toBe("build 71c07cb1…");
  expect(detailText("shop.example.com", names)).toBe("shop.example.com");
});
