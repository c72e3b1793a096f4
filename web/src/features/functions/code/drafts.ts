/** Work that is not deployed, kept in this browser: per function, as much as it takes without filling the storage. */
import { recall, remember } from "@/lib/storage";
import type { OpenFile } from "./files";

export interface Draft {
  /** The version that the work began with. */
  base: number;
  files: OpenFile[];
  at: number;
}

const prefix = "virga.draft.";
const charactersMax = 512 * 1024;
const draftsMax = 8;

const key = (id: string) => prefix + id;

export function keepDraft(id: string, base: number, files: OpenFile[]) {
  const text = JSON.stringify({ base, files, at: Date.now() } satisfies Draft);
  if (text.length > charactersMax) return dropDraft(id);
  remember(key(id), text);
  forgetOldest();
}

export function dropDraft(id: string) {
  remember(key(id), null);
}

export function findDraft(id: string): Draft | undefined {
  return readDraft(recall(key(id)));
}

/** A draft as it was written, or nothing: other versions of this page may have written otherwise. */
export function readDraft(text: string | null): Draft | undefined {
  try {
    const draft = JSON.parse(text ?? "null") as Draft | null;
    const fits =
      typeof draft?.base === "number" &&
      Array.isArray(draft.files) &&
      draft.files.every(
        (file) => typeof file.path === "string" && (file.text === null || typeof file.text === "string"),
      );
    return fits ? draft : undefined;
  } catch {
    return undefined;
  }
}

function forgetOldest() {
  const keys = storedKeys();
  if (keys.length <= draftsMax) return;
  const age = (name: string) => readDraft(recall(name))?.at ?? 0;
  for (const name of keys.sort((a, b) => age(a) - age(b)).slice(0, keys.length - draftsMax)) remember(name, null);
}

function storedKeys(): string[] {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}
