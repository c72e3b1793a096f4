/** Work that is not deployed, kept in this browser: per function, as much as it takes without filling the storage. */
import { recall, remember } from "@/lib/storage";
import type { FileChange, OpenFile } from "./files";

export interface Draft {
  /** The version that the work began with. */
  base: number;
  /** What a save would send: a file without text is as it was in that version. */
  files: FileChange[];
  at: number;
}

const prefix = "virga.draft.";
const charactersMax = 512 * 1024;
const draftsMax = 8;

const key = (id: string) => prefix + id;

/** Whether this browser has it now: what is too large for it is not kept. */
export function keepDraft(id: string, base: number, files: FileChange[]): boolean {
  const text = JSON.stringify({ base, files, at: Date.now() } satisfies Draft);
  const kept = text.length <= charactersMax && remember(key(id), text);
  if (!kept) dropDraft(id); // an older one would be taken for this one
  forgetOldest();
  return kept;
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
    const fits = typeof draft?.base === "number" && Array.isArray(draft.files) && draft.files.every(isFile);
    return fits ? draft : undefined;
  } catch {
    return undefined;
  }
}

const isFile = ({ path, text }: FileChange) =>
  typeof path === "string" && (text === undefined || typeof text === "string");

/** The files that a draft makes of those of its version. */
export function draftFiles({ files }: Draft, base: OpenFile[]): OpenFile[] {
  return files.flatMap(({ path, text, base64, mode = "0644" }) => {
    if (base64 !== undefined) return [{ path, text: null, base64, mode }];
    return text === undefined ? base.filter((file) => file.path === path) : [{ path, text, mode }];
  });
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
