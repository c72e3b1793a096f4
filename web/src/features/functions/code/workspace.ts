/** The files of a function as they are being worked on: one text of the editor for each, what was deployed, and a draft of
 * the difference in this browser. React reads it by its snapshot, which is a new one only when files come, go, or begin or
 * cease to differ: typing alone draws nothing anew. */
import { languageOf } from "@/components/editor/language-of";
import type { Monaco } from "@/components/editor/load";
import type { editor } from "@/components/editor/monaco";
import { dropDraft, keepDraft } from "./drafts";
import { changedPaths, type OpenFile } from "./files";

interface Entry {
  mode: OpenFile["mode"];
  model: editor.ITextModel | null;
  /** The text as it came, and what the editor made of it, which is not the same when its lines end in two ways. */
  came: string;
  held: string;
}

export interface Snapshot {
  /** The version that this work is based on. */
  version: number;
  paths: string[];
  changed: ReadonlySet<string>;
}

export class Workspace {
  readonly id: string;
  readonly #monaco: Monaco;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  #base: OpenFile[];
  #snapshot: Snapshot;
  #drafting: ReturnType<typeof setTimeout> | undefined;

  constructor(monaco: Monaco, id: string, version: number, base: OpenFile[], files = base) {
    this.id = id;
    this.#monaco = monaco;
    this.#base = base;
    for (const file of files) this.#open(file);
    this.#snapshot = { version, paths: [], changed: new Set() };
    this.#look(version);
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  readonly snapshot = () => this.#snapshot;

  /** The text of a file; null when it is no text, undefined when there is no such file. */
  model(path: string): editor.ITextModel | null | undefined {
    return this.#entries.get(path)?.model;
  }

  files(): OpenFile[] {
    return [...this.#entries].map(([path, entry]) => ({ path, mode: entry.mode, text: textOf(entry) }));
  }

  base(): OpenFile[] {
    return this.#base;
  }

  add(path: string, text = "", mode: OpenFile["mode"] = "0644") {
    this.#open({ path, text, mode });
    this.#look();
  }

  /** Moves a file, or a folder with all that is in it. */
  rename(from: string, to: string) {
    for (const file of this.files()) {
      if (file.path !== from && !file.path.startsWith(`${from}/`)) continue;
      if (file.text === null) continue;
      this.#close(file.path);
      this.#open({ ...file, path: to + file.path.slice(from.length) });
    }
    this.#look();
  }

  /** Removes a file or a folder; the answer puts it back. */
  remove(path: string): () => void {
    const gone = this.files().filter((file) => file.path === path || file.path.startsWith(`${path}/`));
    for (const file of gone) this.#close(file.path);
    this.#look();
    return () => {
      for (const file of gone) this.#open(file);
      this.#look();
    };
  }

  /** What was just deployed is the new base; what has been typed meanwhile stays a change. */
  deployed(version: number, files: OpenFile[]) {
    this.#base = files;
    this.#look(version);
  }

  /** Shows other files in place of these. Texts change as by an edit, so that it can be taken back with Ctrl+Z. */
  replace(version: number, base: OpenFile[], files = base) {
    this.#base = base;
    const kept = new Set(files.map((file) => file.path));
    for (const path of [...this.#entries.keys()]) if (!kept.has(path)) this.#close(path);
    for (const file of files) this.#put(file);
    this.#look(version);
  }

  /** Ends it; what is not deployed stays as a draft. */
  dispose() {
    this.saveDraft();
    for (const path of [...this.#entries.keys()]) this.#close(path);
    this.#listeners.clear();
  }

  readonly saveDraft = () => {
    clearTimeout(this.#drafting);
    if (this.#snapshot.changed.size === 0) dropDraft(this.id);
    else keepDraft(this.id, this.#snapshot.version, this.files());
  };

  #put(file: OpenFile) {
    const entry = this.#entries.get(file.path);
    if (!entry?.model || file.text === null) {
      this.#close(file.path);
      this.#open(file);
    } else {
      entry.mode = file.mode;
      if (textOf(entry) === file.text) return;
      entry.model.pushEditOperations([], [{ range: entry.model.getFullModelRange(), text: file.text }], () => null);
      Object.assign(entry, { came: file.text, held: valueIn(entry.model) });
    }
  }

  #open({ path, mode, text }: OpenFile) {
    if (text === null) {
      this.#entries.set(path, { mode, model: null, came: "", held: "" });
      return;
    }
    const uri = this.#monaco.Uri.from({ scheme: "virga", path: `/${this.id}/${path}` });
    this.#monaco.editor.getModel(uri)?.dispose();
    const model = this.#monaco.editor.createModel(text, languageOf(path), uri);
    model.onDidChangeContent(() => this.#touch(path));
    this.#entries.set(path, { mode, model, came: text, held: valueIn(model) });
  }

  #close(path: string) {
    this.#entries.get(path)?.model?.dispose();
    this.#entries.delete(path);
  }

  /** One text has changed: of the others nothing need be read. */
  #touch(path: string) {
    const entry = this.#entries.get(path);
    const base = this.#base.find((file) => file.path === path);
    const changed = !entry || !base || textOf(entry) !== base.text || entry.mode !== base.mode;
    if (changed === this.#snapshot.changed.has(path)) this.#draftSoon();
    else this.#look();
  }

  #look(version = this.#snapshot.version) {
    const files = this.files();
    const changed = changedPaths(files, this.#base);
    const paths = files.map((file) => file.path).sort();
    const before = this.#snapshot;
    this.#draftSoon();
    if (before.version === version && same(before.paths, paths) && same([...before.changed], [...changed])) return;
    this.#snapshot = { version, paths, changed };
    for (const listener of this.#listeners) listener();
  }

  #draftSoon() {
    clearTimeout(this.#drafting);
    this.#drafting = setTimeout(this.saveDraft, 400);
  }
}

const valueIn = (model: editor.ITextModel) => model.getValue(undefined, true);

function textOf({ model, came, held }: Entry): string | null {
  if (!model) return null;
  const value = valueIn(model);
  return value === held ? came : value;
}

const same = (a: string[], b: string[]) => a.length === b.length && a.every((each, at) => each === b[at]);
