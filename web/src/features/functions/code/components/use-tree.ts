import { type KeyboardEvent, useRef, useState } from "react";
import { type TreeRow, treeRows } from "../files";

interface TreeActions {
  onOpen: (path: string) => void;
  /** Undefined: nothing may be changed. */
  onRename: ((path: string) => void) | undefined;
  onRemove: ((path: string) => void) | undefined;
}

/** A tree's rows, which of its folders are shut, and what its keys do. */
export function useTree(paths: string[], active: string | undefined, { onOpen, onRename, onRemove }: TreeActions) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<string>();
  const tree = useRef<HTMLDivElement>(null);
  const rows = treeRows(paths, closed);
  const entry = rows.find((row) => row.path === focused) ?? rows.find((row) => row.path === active) ?? rows[0];

  const isOpen = (row: TreeRow) => row.folder && !closed.has(row.path);
  const fold = (path: string, shut: boolean) =>
    setClosed((old) => new Set(shut ? [...old, path] : [...old].filter((each) => each !== path)));
  const open = (row: TreeRow) => (row.folder ? fold(row.path, isOpen(row)) : onOpen(row.path));
  const focus = (row: TreeRow | undefined) => {
    if (row) tree.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(row.path)}"]`)?.focus();
  };
  const inwards = (row: TreeRow, next: TreeRow | undefined) => {
    if (isOpen(row)) focus(next);
    else if (row.folder) fold(row.path, false);
  };
  const outwards = (row: TreeRow, before: TreeRow[]) => {
    if (isOpen(row)) fold(row.path, true);
    else focus(before.findLast((each) => each.folder && each.depth < row.depth));
  };
  /** The focus goes on to what stays. */
  const remove = (row: TreeRow, at: number) => {
    focus(rows.slice(at).find(({ path }) => !`${path}/`.startsWith(`${row.path}/`)) ?? rows[at - 1]);
    onRemove?.(row.path);
  };
  const moves = (row: TreeRow, at: number) =>
    new Map<string, (() => void) | undefined>([
      ["ArrowDown", () => focus(rows[at + 1])],
      ["ArrowUp", () => focus(rows[at - 1])],
      ["ArrowRight", () => inwards(row, rows[at + 1])],
      ["ArrowLeft", () => outwards(row, rows.slice(0, at))],
      ["Home", () => focus(rows[0])],
      ["End", () => focus(rows.at(-1))],
      ["Enter", () => open(row)],
      [" ", () => open(row)],
      ["F2", onRename && (() => onRename(row.path))],
      ["Delete", onRemove && (() => remove(row, at))],
    ]);
  const onKey = (event: KeyboardEvent, row: TreeRow) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const run = moves(row, rows.indexOf(row)).get(event.key);
    if (!run) return;
    event.preventDefault();
    run();
  };
  return { tree, rows, entry, isOpen, open, onKey, setFocused };
}
