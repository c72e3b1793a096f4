/** Keys that do something anywhere on the page, and the list of those that do something now, for the help sheet. */
import { useEffect, useLayoutEffect, useRef, useSyncExternalStore } from "react";

/** Keys that a part of the page hears by itself while it has the focus. */
export interface KeyNote {
  /** "mod+k" (Ctrl, on a Mac Command), "?", or keys one after the other: "g p". */
  keys: string;
  label: string;
}

export interface Shortcut extends KeyNote {
  run: () => void;
}

let active: Shortcut[] = [];
let noted: readonly KeyNote[] = [];
const listeners = new Set<() => void>();
let typed: { key: string; at: number } | undefined;

function tell() {
  for (const listener of listeners) listener();
}

function change(next: Shortcut[]) {
  active = next;
  tell();
}

export const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** Plain keys belong to whoever is being written in; those with Ctrl or Command do not. */
function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

function pressed(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return (event.ctrlKey || event.metaKey ? "mod+" : "") + (event.altKey ? "alt+" : "") + key;
}

function onKey(event: KeyboardEvent) {
  if (event.defaultPrevented || event.repeat) return;
  const key = pressed(event);
  if (!key.startsWith("mod+") && (isWriting(event.target) || document.querySelector('[role="dialog"]'))) return;
  const sequence = typed && event.timeStamp - typed.at < 1000 ? `${typed.key} ${key}` : undefined;
  const hit = active.findLast((each) => each.keys === sequence) ?? active.findLast((each) => each.keys === key);
  typed = hit ? undefined : { key, at: event.timeStamp };
  if (!hit) return;
  event.preventDefault();
  hit.run();
}

/** While the component is there the keys do what `run` says; of two with the same keys the later one wins. They do so from
 * when it is drawn: what is left for later is done after it was seen, and somebody may have pressed the key by then. */
export function useShortcut(keys: string, label: string, run: () => void) {
  const latest = useRef(run);
  useLayoutEffect(() => {
    latest.current = run;
  });
  useLayoutEffect(() => {
    const entry = { keys, label, run: () => latest.current() };
    if (active.length === 0) window.addEventListener("keydown", onKey);
    change([...active, entry]);
    return () => {
      change(active.filter((each) => each !== entry));
      if (active.length === 0) window.removeEventListener("keydown", onKey);
    };
  }, [keys, label]);
}

/** While the component is there the help sheet says them too; at most one component of a page. */
export function useKeyNotes(notes: readonly KeyNote[]) {
  useEffect(() => {
    noted = notes;
    tell();
    return () => {
      noted = [];
      tell();
    };
  }, [notes]);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export const useActiveShortcuts = (): Shortcut[] => useSyncExternalStore(subscribe, () => active);
export const useNotedKeys = (): readonly KeyNote[] => useSyncExternalStore(subscribe, () => noted);

/** "mod+k" -> ["Ctrl", "K"], "g p" -> ["G", "P"]. */
export function keyNames(keys: string): string[] {
  return keys
    .split(/[ +]/)
    .map((key) => (key === "mod" ? (isMac ? "⌘" : "Ctrl") : key.length === 1 ? key.toUpperCase() : key));
}
