import { useEffect, useRef } from "react";
import { cn } from "@/lib/cn";
import { languageOf } from "./language-of";
import type { Monaco } from "./load";
import type * as monaco from "./monaco";
import { editorOptions, passOn } from "./options";

interface DiffEditorProps {
  monaco: Monaco;
  path: string;
  before: string;
  after: string;
  sideBySide: boolean;
  className?: string;
}

/** Two texts of one file and what is different in them. */
export function DiffEditor({ monaco, path, before, after, sideBySide, className }: DiffEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<monaco.editor.IStandaloneDiffEditor>(undefined);
  const named = useRef(path);
  const first = useRef({ renderSideBySide: sideBySide });
  useEffect(() => {
    if (!place.current) return;
    const element = place.current;
    const made = monaco.editor.createDiffEditor(element, { ...editorOptions, ...diffOptions, ...first.current });
    const stop = passOn(element);
    const name = () => nameHalves(made, named.current);
    made.onDidUpdateDiff(() => {
      element.style.visibility = "visible";
    });
    made.getOriginalEditor().onDidChangeConfiguration(name);
    made.getModifiedEditor().onDidChangeConfiguration(name);
    editor.current = made;
    return () => {
      stop();
      editor.current = undefined;
      made.dispose();
    };
  }, [monaco]);
  useEffect(() => {
    // Lines find their places once the difference is known; until then they are not shown.
    if (place.current) place.current.style.visibility = "hidden";
    named.current = path;
    if (editor.current) nameHalves(editor.current, path);
    const language = languageOf(path);
    const original = monaco.editor.createModel(before, language);
    const modified = monaco.editor.createModel(after, language);
    editor.current?.setModel({ original, modified });
    return () => {
      editor.current?.setModel(null);
      original.dispose();
      modified.dispose();
    };
  }, [monaco, path, before, after]);
  useEffect(() => editor.current?.updateOptions({ renderSideBySide: sideBySide }), [sideBySide]);
  return (
    <div className={cn("relative min-h-0 min-w-0", className)}>
      <div ref={place} className="absolute inset-0" />
    </div>
  );
}

/** The editor forgets the names of its halves whenever it changes between one column and two. */
function nameHalves(diff: monaco.editor.IStandaloneDiffEditor, path: string) {
  diff.getOriginalEditor().updateOptions({ ariaLabel: `${path} before` });
  diff.getModifiedEditor().updateOptions({ ariaLabel: `${path} after` });
}

const diffOptions: monaco.editor.IStandaloneDiffEditorConstructionOptions = {
  readOnly: true,
  originalEditable: false,
  hideUnchangedRegions: { enabled: true, contextLineCount: 4, minimumLineCount: 5 },
  renderOverviewRuler: false,
  renderMarginRevertIcon: false,
  lineDecorationsWidth: 16,
  renderSideBySideInlineBreakpoint: 480,
  diffAlgorithm: "advanced",
};
