/** The texts that say which packages a project asks for, and what a line more or less does to them. */

export type Language = "python" | "node";

export interface Texts {
  requirements_txt: string;
  package_json: string;
  package_lock: string;
}

export const textNames = ["requirements_txt", "package_json", "package_lock"] as const;

/** "opencv_python.Headless[x]>=4" -> "opencv-python-headless": names that pip takes for one are one. */
export function pythonName(line: string): string {
  const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(line)?.[1] ?? "";
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

/** "@scope/name@^1.2" -> ["@scope/name", "^1.2"]; without a range any version will do. */
export function nodeName(text: string): [string, string] {
  const at = text.indexOf("@", 1);
  return at > 0 ? [text.slice(0, at), text.slice(at + 1) || "*"] : [text, "*"];
}

interface Added {
  text: string;
  /** Why nothing was added. */
  problem?: string;
}

/** The text with a package more, at its end. */
export function addPackage(language: Language, text: string, wanted: string): Added {
  const what = wanted.trim();
  if (!what) return { text, problem: "Write the name of a package" };
  return language === "python" ? addPython(text, what) : addNode(text, what);
}

function addPython(text: string, what: string): Added {
  const name = pythonName(what);
  if (!name) return { text, problem: `'${what}' is no name of a package` };
  if (text.split("\n").some((line) => pythonName(line) === name))
    return { text, problem: `${name} is in the list already` };
  return { text: `${text.trimEnd()}${text.trim() ? "\n" : ""}${what}\n` };
}

function addNode(text: string, what: string): Added {
  const [name, range] = nodeName(what);
  if (!/^(@[\w.-]+\/)?[\w.-]+$/.test(name)) return { text, problem: `'${what}' is no name of a package` };
  const json = readJson(text.trim() || "{}");
  if (!json) return { text, problem: "package.json is no JSON object yet: mend it first" };
  const dependencies = (json.dependencies ?? {}) as Record<string, unknown>;
  if (name in dependencies) return { text, problem: `${name} is in the list already` };
  return { text: `${JSON.stringify({ ...json, dependencies: { ...dependencies, [name]: range } }, null, 2)}\n` };
}

function readJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the texts of a language ask for anything. */
export const asksFor = (language: Language, texts: Texts) =>
  (language === "python" ? texts.requirements_txt : texts.package_json).trim() !== "";

/** Why a build failed: what the package manager says last of it, else what the server says. */
export function reasonOf(error: string | null, log: string): string {
  const pip = log.match(/^ERROR: (.+)$/gm)?.at(-1);
  const npm = log.match(/^npm (?:error|ERR!) (?!code |A complete log)(.+)$/m)?.[1];
  const text = pip?.slice("ERROR: ".length) ?? npm ?? error ?? "The build failed";
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export interface Line {
  what: "same" | "added" | "removed";
  text: string;
}

/** What is different in two short texts, line by line: the longest lines in common stay. */
export function diffLines(before: string, after: string): Line[] {
  const [old, next] = [linesOf(before), linesOf(after)];
  const common = commonLengths(old, next);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < next.length) {
    const [a, b] = [old[i], next[j]];
    if (a !== undefined && a === b) {
      lines.push({ what: "same", text: a });
      i++;
      j++;
    } else if (b === undefined || (a !== undefined && (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) {
      lines.push({ what: "removed", text: a ?? "" });
      i++;
    } else {
      lines.push({ what: "added", text: b });
      j++;
    }
  }
  return lines;
}

const linesOf = (text: string) => (text.trim() ? text.trimEnd().split("\n") : []);

/** How many lines two ends of the texts have in common, from the last line up. */
function commonLengths(old: string[], next: string[]): number[][] {
  const table = Array.from({ length: old.length + 1 }, () => new Array<number>(next.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = next.length - 1; j >= 0; j--) {
      const [row, below] = [table[i] ?? [], table[i + 1] ?? []];
      row[j] = old[i] === next[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  return table;
}
