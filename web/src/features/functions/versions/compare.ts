/** What is different between the files of two versions. */

export interface ComparedFile {
  path: string;
  mode: string;
  size?: number;
  /** Null: no text. */
  text: string | null;
}

export interface Difference {
  path: string;
  kind: "added" | "removed" | "changed";
  before: ComparedFile | undefined;
  after: ComparedFile | undefined;
}

export function compareFiles(before: ComparedFile[], after: ComparedFile[]): Difference[] {
  const old = new Map(before.map((file) => [file.path, file]));
  const now = new Map(after.map((file) => [file.path, file]));
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  return paths.flatMap((path) => {
    const kind = kindOf(old.get(path), now.get(path));
    return kind ? [{ path, kind, before: old.get(path), after: now.get(path) }] : [];
  });
}

function kindOf(before: ComparedFile | undefined, after: ComparedFile | undefined): Difference["kind"] | undefined {
  if (!before) return "added";
  if (!after) return "removed";
  // What is no text shows that it is another by its size only, as far as that is known.
  const unknown = before.text === null && (before.size === undefined || after.size === undefined);
  const same = before.text === after.text && (unknown || before.text !== null || before.size === after.size);
  return same && before.mode === after.mode ? undefined : "changed";
}
