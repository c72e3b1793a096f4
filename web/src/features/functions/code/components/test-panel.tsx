import { Play } from "lucide-react";
import { memo } from "react";
import type { Schema } from "@/api/client";
import { CodeEditor } from "@/components/editor/code-editor";
import type { Monaco } from "@/components/editor/load";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";
import { keyNames, useShortcut } from "@/lib/shortcuts";
import type { Place } from "../traceback";
import type { Calls } from "../use-calls";
import type { Input } from "../use-input";
import { useInput } from "../use-input";
import { CallHistory } from "./call-history";
import { CallView } from "./call-view";
import { InputBar } from "./input-bar";

interface TestPanelProps {
  fn: Schema<"Function">;
  monaco: Monaco;
  calls: Calls;
  files: ReadonlySet<string>;
  /** There is work that a call knows nothing of. */
  ahead: boolean;
  readOnly: boolean;
  onPlace: (place: Place) => void;
}

/** Calls the function by hand and shows what comes of it. */
export const TestPanel = memo(function TestPanel({
  fn,
  monaco,
  calls,
  files,
  ahead,
  readOnly,
  onPlace,
}: TestPanelProps) {
  const input = useInput(monaco, fn.id);
  const call = () => {
    if (!input.problem && !calls.pending) calls.run(input.text.trim() || "{}");
  };
  useShortcut("mod+Enter", "Call the function", call);
  return (
    <section aria-label="Test" className="flex h-full min-h-0 flex-col">
      <div className="flex h-10 shrink-0 items-center gap-3 border-b px-3">
        <h2 className="text-[0.8125rem] font-medium text-muted-foreground">Test</h2>
        <div className="min-w-0 grow">
          <InputBar id={fn.id} input={input} readOnly={readOnly} />
        </div>
      </div>
      <InputEditor monaco={monaco} input={input} />
      <div className="flex shrink-0 items-center gap-3 border-b px-3 py-2">
        <Button variant="primary" size="small" onClick={call} pending={calls.pending} disabled={!!input.problem}>
          {!calls.pending && <Play />} Call
        </Button>
        <span className="min-w-0 truncate text-[0.8125rem] text-muted-foreground">
          {ahead ? `Version ${fn.active_version}, without your changes` : <Keys />}
        </span>
      </div>
      <div className="grid min-h-0 grow content-start gap-4 overflow-y-auto p-3" aria-live="polite">
        <ErrorNote error={calls.error} />
        {calls.shown ? (
          <CallView id={fn.id} made={calls.shown} files={files} onPlace={onPlace} />
        ) : (
          <p className="text-[0.8125rem] text-muted-foreground">
            Call the function with this input. Its result, what it prints and where its time goes are shown here.
          </p>
        )}
        <CallHistory calls={calls} />
      </div>
    </section>
  );
});

function InputEditor({ monaco, input }: { monaco: Monaco; input: Input }) {
  return (
    <>
      <div className="h-44 shrink-0 border-b">
        {input.model && (
          <CodeEditor
            className="h-full"
            monaco={monaco}
            model={input.model}
            label="Input, JSON"
            options={{
              lineNumbers: "off",
              folding: false,
              lineDecorationsWidth: 12,
              quickSuggestions: false,
              wordWrap: "on",
            }}
          />
        )}
      </div>
      {input.problem && (
        <p role="alert" className="shrink-0 border-b bg-danger-soft px-3 py-1.5 text-[0.8125rem] text-danger">
          Line {input.problem.line}, column {input.problem.column}: {input.problem.message}
        </p>
      )}
    </>
  );
}

function Keys() {
  return (
    <span className="flex gap-1 max-sm:hidden">
      {keyNames("mod+Enter").map((key) => (
        <Kbd key={key}>{key}</Kbd>
      ))}
    </span>
  );
}
