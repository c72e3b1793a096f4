/** The files of a function as they are being worked on: one text of the editor for each, what was deployed, and a draft of
 * the difference in this browser. React reads it by its snapshot, which is a new one only when files come, go, or begin or
 * cease to differ: typing alone draws nothing anew. */
import { languageOf } from "@/components/editor/language-of";
import type { Monaco } from "@/components/editor/load";
import type { editor } from "@/components/editor/monaco";
import { dropDraft, keepDraft } from "./drafts";
import { changedPaths, type OpenFile, saveBody } from "./files";

interface Entry {
  file: OpenFile;
  model: editor.ITextModel | null;
  /** What the editor made of the text as it came, which is not the same when its lines end in two ways. */
  held: string;
}

export interface Snapshot {
  /** The version that this work is based on. */
  version: number;
  paths: string[];
  changed: ReadonlySet<string>;
  /** This browser has what is changed, for when the page is opened again. */
  kept: boolean;
}

export class Workspace {
  readonly id: string;
  readonly #monaco: Monaco;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  #base: OpenFile[];
  #snapshot: Snapshot;
  #drafting: ReturnType<typeof setTimeout> | undefined;
  /** The draft in this browser is ours: another tab may have one of the same function. */
  #drafted: boolean;

  constructor(monaco: Monaco, id: string, version: number, base: OpenFile[], draft?: OpenFile[]) {
    this.id = id;
    this.#monaco = monaco;
    this.#base = base;
    this.#drafted = draft !== undefined;
    for (const file of draft ?? base) this.#open(file);
    this.#snapshot = { version, paths: [], changed: new Set(), kept: true };
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
    return [...this.#entries.values()].map((entry) => ({ ...entry.file, text: textOf(entry) }));
  }

  base(): OpenFile[] {
    return this.#base;
  }

  add(path: string, text = "", mode: OpenFile["mode"] = "0644") {
    this.#open({ path, text, mode });
    this.#look();
  }

  /** Puts files beside what is there, or in place of it; the answer takes that back. */
  put(files: OpenFile[]): () => void {
    const before = files.flatMap(({ path }) => this.files().filter((file) => file.path === path));
    for (const file of files) this.#put(file);
    this.#look();
    return () => {
      for (const { path } of files) this.#close(path);
      for (const file of before) this.#open(file);
      this.#look();
    };
  }

  /** Whether it can be moved: what is no text can only stay on the server as it is. */
  renames(path: string): boolean {
    return this.#within(path).every((file) => file.text !== null || file.base64 !== undefined);
  }

  /** Moves a file, or a folder with all that is in it. */
  rename(from: string, to: string) {
    for (const file of this.#within(from)) {
      this.#close(file.path);
      this.#open({ ...file, path: to + file.path.slice(from.length) });
    }
    this.#look();
  }

  /** Removes a file or a folder; the answer puts it back. */
  remove(path: string): () => void {
    const gone = this.#within(path);
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
    const { version, changed } = this.#snapshot;
    if (changed.size === 0) {
      if (this.#drafted) dropDraft(this.id);
      this.#drafted = false;
      return;
    }
    this.#drafted = true;
    const kept = keepDraft(this.id, version, saveBody(this.files(), this.#base));
    if (kept !== this.#snapshot.kept) this.#show({ ...this.#snapshot, kept });
  };

  #show(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener();
  }

  /** The file, or those in a folder. */
  #within(path: string): OpenFile[] {
    return this.files().filter((file) => file.path === path || file.path.startsWith(`${path}/`));
  }

  #put(file: OpenFile) {
    const entry = this.#entries.get(file.path);
    if (!entry?.model || file.text === null) {
      this.#close(file.path);
      this.#open(file);
    } else {
      const { model } = entry;
      if (textOf(entry) !== file.text)
        model.pushEditOperations([], [{ range: model.getFullModelRange(), text: file.text }], () => null);
      Object.assign(entry, { file, held: valueIn(model) });
    }
  }

  #open(file: OpenFile) {
    const { path, text } = file;
    if (text === null) {
      this.#entries.set(path, { file, model: null, held: "" });
      return;
    }
    const uri = this.#monaco.Uri.from({ scheme: "virga", path: `/${this.id}/${path}` });
    this.#monaco.editor.getModel(uri)?.dispose();
    const model = this.#monaco.editor.createModel(text, languageOf(path), uri);
    model.onDidChangeContent(() => this.#touch(path));
    this.#entries.set(path, { file, model, held: valueIn(model) });
  }

  #close(path: string) {
    this.#entries.get(path)?.model?.dispose();
    this.#entries.delete(path);
  }

  /** One text has changed: of the others nothing need be read. */
  #touch(path: string) {
    const entry = this.#entries.get(path);
    const base = this.#base.find((file) => file.path === path);
    const changed = !entry || !base || textOf(entry) !== base.text || entry.file.mode !== base.mode;
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
    this.#show({ ...before, version, paths, changed });
  }

  #draftSoon() {
    clearTimeout(this.#drafting);
    this.#drafting = setTimeout(this.saveDraft, 400);
  }
}

const valueIn = (model: editor.ITextModel) => model.getValue(undefined, true);

function textOf({ file, model, held }: Entry): string | null {
  if (!model) return null;
  const value = valueIn(model);
  return value === held ? file.text : value;
}

const same = (a: string[], b: string[]) => a.length === b.length && a.every((each, at) => each === b[at]);
