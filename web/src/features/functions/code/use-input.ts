import { useEffect, useState, useSyncExternalStore } from "react";
import type { Monaco } from "@/components/editor/load";
import type { editor } from "@/components/editor/monaco";
import { recall, remember } from "@/lib/storage";
import { jsonProblem } from "./json";

const start = '{\n  "name": "Ada"\n}';
const keptMax = 64 * 1024;

export type Input = ReturnType<typeof useInput>;

/** The text of the input, as this browser last had it, with a mark where it ceases to be JSON. */
export function useInput(monaco: Monaco, id: string) {
  const [model, setModel] = useState<editor.ITextModel>();
  useEffect(() => {
    const key = `virga.input.${id}`;
    const made = monaco.editor.createModel(recall(key) ?? start, "json");
    made.updateOptions({ tabSize: 2 });
    const look = () => {
      const text = made.getValue();
      mark(monaco, made, text);
      if (text.length <= keptMax) remember(key, text);
    };
    made.onDidChangeContent(look);
    look();
    setModel(made);
    return () => {
      made.dispose();
      setModel(undefined);
    };
  }, [monaco, id]);
  const text = useText(model);
  return {
    model,
    text,
    problem: jsonProblem(text),
    /** As by an edit: it can be taken back. */
    replace: (next: string) =>
      model?.pushEditOperations([], [{ range: model.getFullModelRange(), text: next }], () => null),
  };
}

function mark(monaco: Monaco, model: editor.ITextModel, text: string) {
  const found = jsonProblem(text);
  const severity = monaco.MarkerSeverity.Error;
  const marks = found && [
    {
      severity,
      message: found.message,
      startLineNumber: found.line,
      startColumn: Math.max(1, found.column - 1),
      endLineNumber: found.line,
      endColumn: found.column + 1,
    },
  ];
  monaco.editor.setModelMarkers(model, "json", marks ?? []);
}

function useText(model: editor.ITextModel | undefined): string {
  return useSyncExternalStore(
    (listener) => {
      const listening = model?.onDidChangeContent(listener);
      return () => listening?.dispose();
    },
    () => (model && !model.isDisposed() ? model.getValue() : "{}"),
  );
}
