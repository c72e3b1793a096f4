/** What a workspace holds, without the editor: what is to be saved, how files are shown, what a draft keeps. */
import type { Schema } from "@/api/client";

export type ServerFile = Schema<"FunctionFile">;
export type FileChange = Schema<"FileChange">;
type Mode = ServerFile["mode"];

/** A file as it is being worked on. */
export interface OpenFile {
  path: string;
  mode: Mode;
  /** Null: not to be read here. It can be kept or removed, nothing else. */
  text: string | null;
  /** The bytes of one that is no text and not on the server yet. */
  base64?: string;
  /** Bytes, as far as the server has it. */
  size?: number;
}

export interface TreeRow {
  path: string;
  name: string;
  depth: number;
  folder: boolean;
}

const sameFile = (file: OpenFile, base: OpenFile | undefined) =>
  base !== undefined && file.text === base.text && file.base64 === base.base64 && file.mode === base.mode;

/** Paths whose file is not as it was deployed, with those that are gone. */
export function changedPaths(files: OpenFile[], base: OpenFile[]): Set<string> {
  const were = new Map(base.map((file) => [file.path, file]));
  const changed = files.filter((file) => !sameFile(file, were.get(file.path))).map((file) => file.path);
  const are = new Set(files.map((file) => file.path));
  return new Set([...changed, ...base.filter((file) => !are.has(file.path)).map((file) => file.path)]);
}

/** The files of a save. What is as it was is named by its path alone, unless all is to be written. */
export function saveBody(files: OpenFile[], base: OpenFile[], whole = false): FileChange[] {
  const were = new Map(base.map((file) => [file.path, file]));
  return files.map((file) => {
    const { path, mode, text, base64 } = file;
    if (!whole && sameFile(file, were.get(path))) return { path };
    if (base64 !== undefined) return { path, base64, mode };
    return text === null ? { path } : { path, text, mode };
  });
}

/** Texts that the server shows: one, and all of a version together. */
const textMax = 1024 * 1024;
const textsMax = 4 * textMax;

/** Why a file cannot be read here: as far as its size tells. */
export function isTooLarge({ size = 0, text }: OpenFile, all: OpenFile[]): boolean {
  const shown = all.reduce((sum, file) => sum + (file.text === null ? 0 : (file.size ?? file.text.length)), 0);
  return text === null && (size > textMax || shown + size > textsMax);
}

/** Folders and files in the order of a tree: folders first, each followed by what is in it. */
export function treeRows(paths: string[], closed: ReadonlySet<string> = new Set()): TreeRow[] {
  return rowsBelow("", 0, paths, closed);
}

function rowsBelow(folder: string, depth: number, paths: string[], closed: ReadonlySet<string>): TreeRow[] {
  const names = new Map<string, boolean>();
  for (const path of paths) {
    if (!path.startsWith(folder)) continue;
    const [name = "", ...rest] = path.slice(folder.length).split("/");
    names.set(name, rest.length > 0);
  }
  const sorted = [...names].sort(([a, aFolder], [b, bFolder]) => Number(bFolder) - Number(aFolder) || (a < b ? -1 : 1));
  return sorted.flatMap(([name, isFolder]) => {
    const path = folder + name;
    const row = { path, name, depth, folder: isFolder };
    return isFolder && !closed.has(path) ? [row, ...rowsBelow(`${path}/`, depth + 1, paths, closed)] : [row];
  });
}

/** Why a path cannot be that of a new file, in words; undefined when it can. */
export function pathProblem(path: string, others: string[]): string | undefined {
  const parts = path.split("/");
  if (path === "") return "A file needs a name";
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    return "A path is relative: names with a slash between them, without . and ..";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return "A path has no control characters";
  if (others.includes(path)) return "There is a file of this name already";
  if (others.some((other) => other.startsWith(`${path}/`))) return "There is a folder of this name already";
  const file = others.find((other) => path.startsWith(`${other}/`));
  return file && `${file} is a file, no folder`;
}

/** The file that a handler is in: "main.handler" -> "main.py". */
export function entryPath(handler: string, runtime: string, paths: string[]): string | undefined {
  const stem = handler.slice(0, Math.max(0, handler.lastIndexOf(".")));
  const endings = runtime === "python" ? [".py"] : [".js", ".mjs", ".cjs"];
  const names = endings.flatMap((ending) => [stem.replaceAll(".", "/") + ending, stem + ending]);
  return names.find((name) => paths.includes(name)) ?? paths.find((path) => path === "bootstrap") ?? paths[0];
}
