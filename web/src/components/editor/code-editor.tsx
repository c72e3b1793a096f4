import { useEffect, useRef } from "react";
import { cn } from "@/lib/cn";
import type { Monaco } from "./load";
import type * as monaco from "./monaco";
import { editorOptions, passOn } from "./options";

type Editor = monaco.editor.IStandaloneCodeEditor;
type Model = monaco.editor.ITextModel;

interface CodeEditorProps {
  monaco: Monaco;
  model: Model;
  /** What is written here, for screen readers. */
  label: string;
  readOnly?: boolean;
  options?: monaco.editor.IEditorOptions;
  /** The editor when it is there, undefined when it goes. */
  onEditor?: (editor: Editor | undefined) => void;
  className?: string;
}

/** Where the reader was in a text, for when it is shown again. */
const places = new WeakMap<Model, monaco.editor.ICodeEditorViewState | null>();

/** A text in the editor. It is its model's; whoever made the model disposes of it. */
export function CodeEditor({ monaco, model, label, readOnly = false, options, onEditor, className }: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor>(undefined);
  const first = useRef({ options, onEditor });
  useEffect(() => {
    if (!place.current) return;
    const { options, onEditor } = first.current;
    const made = monaco.editor.create(place.current, { ...editorOptions, ...options, model: null });
    const stop = passOn(place.current);
    editor.current = made;
    onEditor?.(made);
    return () => {
      stop();
      onEditor?.(undefined);
      editor.current = undefined;
      made.dispose();
    };
  }, [monaco]);
  useEffect(() => {
    const shown = editor.current;
    if (!shown) return;
    shown.setModel(model);
    shown.restoreViewState(places.get(model) ?? null);
    return () => {
      places.set(model, shown.saveViewState());
    };
  }, [model]);
  useEffect(() => editor.current?.updateOptions({ readOnly, ariaLabel: label }), [readOnly, label]);
  return <div ref={place} className={cn("min-h-0 min-w-0", className)} />;
}
