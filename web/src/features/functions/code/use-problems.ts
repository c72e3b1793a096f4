import { useEffect, useMemo } from "react";
import type { Schema } from "@/api/client";
import type { Monaco } from "@/components/editor/load";
import type { editor } from "@/components/editor/monaco";
import type { Problem } from "./components/problems";
import type { Calls } from "./use-calls";
import type { Deployment } from "./use-deployment";
import type { Workspace } from "./workspace";

/** Where the active version fails: while it is loaded, and in the call that is shown. */
export function useProblems(fn: Schema<"Function">, deployment: Deployment, calls: Calls): Problem[] {
  const load = deployment.loaded?.problem;
  const shown = calls.shown?.result;
  const call = shown && shown.version === fn.active_version ? shown.problem : undefined;
  return useMemo(() => {
    const all = [load, call].filter((each) => each !== null && each !== undefined);
    return all.filter((each, at) => all.findIndex((other) => placeOf(other) === placeOf(each)) === at);
  }, [load, call]);
}

const placeOf = ({ file, line, message }: Problem) => `${file}:${line}:${message}`;

/** Marks them in the texts: the squiggle, the sign beside the line, the words behind it. */
export function useMarks(monaco: Monaco, workspace: Workspace, problems: Problem[]) {
  useEffect(() => {
    const marked = problems.flatMap((problem) => {
      const model = workspace.model(problem.file);
      return model && problem.line <= model.getLineCount() ? [{ model, problem }] : [];
    });
    const undo = marked.map(({ model, problem }) => {
      const decorations = model.deltaDecorations([], [decoration(model, problem)]);
      return () => !model.isDisposed() && model.deltaDecorations(decorations, []);
    });
    for (const model of new Set(marked.map((each) => each.model))) {
      const own = marked.filter((each) => each.model === model);
      monaco.editor.setModelMarkers(
        model,
        "virga",
        own.map(({ problem }) => marker(monaco, model, problem)),
      );
    }
    return () => {
      for (const take of undo) take();
      monaco.editor.removeAllMarkers("virga");
    };
  }, [monaco, workspace, problems]);
}

const words = ({ type, message }: Problem) => `${type}: ${message}`;

function marker(monaco: Monaco, model: editor.ITextModel, problem: Problem): editor.IMarkerData {
  const { line } = problem;
  const end = model.getLineMaxColumn(line);
  const column = Math.min(problem.column ?? model.getLineFirstNonWhitespaceColumn(line), end);
  const word = model.getWordAtPosition({ lineNumber: line, column });
  return {
    severity: monaco.MarkerSeverity.Error,
    message: words(problem),
    startLineNumber: line,
    endLineNumber: line,
    startColumn: problem.column ? column : Math.max(1, column),
    endColumn: problem.column ? (word?.endColumn ?? Math.min(column + 1, end)) : end,
  };
}

function decoration(model: editor.ITextModel, problem: Problem): editor.IModelDeltaDecoration {
  const { line } = problem;
  const [end] = [model.getLineMaxColumn(line)];
  const text = words(problem).split("\n")[0]?.slice(0, 200) ?? "";
  return {
    range: { startLineNumber: line, startColumn: end, endLineNumber: line, endColumn: end },
    options: {
      isWholeLine: true,
      className: "virga-problem-line",
      glyphMarginClassName: "virga-problem-sign",
      after: { content: `    ${text}`, inlineClassName: "virga-problem-text" },
      showIfCollapsed: true,
    },
  };
}
