import { useCallback, useMemo, useRef, useState } from "react";
import type { editor } from "@/components/editor/monaco";
import { numberParam, textParam, useSearch } from "@/lib/search";
import { useStable } from "@/lib/use-stable";
import type { Place } from "./traceback";
import type { Snapshot } from "./workspace";

const search = { file: textParam(), line: numberParam() };

/** Which file is in sight, as the URL says, which are open beside it, and the way to a place in one. */
export function useFiles(paths: Snapshot["paths"], entry: string | undefined) {
  const [{ file, line }, change] = useSearch(search);
  const [opened, setOpened] = useState<string[]>([]);
  const editor = useRef<editor.IStandaloneCodeEditor>(undefined);
  const waiting = useRef<Place | undefined>(line === undefined ? undefined : { file, line });
  const active = paths.includes(file) ? file : (entry ?? paths[0]);
  const tabs = useMemo(
    () => [...new Set([...opened, ...(active ? [active] : [])])].filter((path) => paths.includes(path)),
    [opened, active, paths],
  );

  const open = useStable((path: string) => {
    setOpened([...tabs, path].filter((each, at, all) => all.indexOf(each) === at));
    change({ file: path === entry ? "" : path, line: undefined });
  });
  const close = useStable((path: string) => {
    const left = tabs.filter((each) => each !== path);
    setOpened(left);
    const next = left[Math.max(0, tabs.indexOf(path) - 1)];
    if (path === active && next) change({ file: next, line: undefined });
  });
  /** The place is gone to once its file is the one in the editor. */
  const show = useCallback(() => {
    const at = waiting.current;
    const shown = editor.current;
    const model = shown?.getModel();
    if (!at || !shown || !model?.uri.path.endsWith(`/${at.file}`)) return;
    waiting.current = undefined;
    shown.setPosition({ lineNumber: at.line, column: at.column ?? 1 });
    shown.revealLineInCenterIfOutsideViewport(at.line);
    shown.focus();
  }, []);
  const onEditor = useCallback(
    (made: editor.IStandaloneCodeEditor | undefined) => {
      editor.current = made;
      made?.onDidChangeModel(show);
    },
    [show],
  );
  const go = useStable((place: Place) => {
    if (!paths.includes(place.file)) return;
    waiting.current = place;
    if (place.file === active) show();
    else open(place.file);
  });
  return useMemo(() => ({ active, tabs, open, close, go, onEditor }), [active, tabs, open, close, go, onEditor]);
}
