import { CircleAlert } from "lucide-react";
import type { Schema } from "@/api/client";
import type { Place } from "../traceback";

export type Problem = Schema<"Problem">;

/** Where the code fails; a click leads there. */
export function Problems({ problems, onPlace }: { problems: Problem[]; onPlace: (place: Place) => void }) {
  if (problems.length === 0) return null;
  return (
    <section aria-label="Problems" className="max-h-36 shrink-0 overflow-y-auto border-t">
      <h2 className="px-3 pt-1.5 text-xs font-medium text-muted-foreground">Problems</h2>
      <ul className="p-1">
        {problems.map((problem) => (
          <li key={`${problem.file}:${problem.line}:${problem.type}:${problem.message}`}>
            <button
              type="button"
              onClick={() => onPlace({ file: problem.file, line: problem.line, column: problem.column ?? 1 })}
              className="flex w-full items-baseline gap-2 rounded px-2 py-1 text-left text-[0.8125rem] hover:bg-muted"
            >
              <CircleAlert className="size-3.5 shrink-0 translate-y-0.5 text-danger" aria-hidden />
              <span className="min-w-0 grow wrap-anywhere">
                <span className="font-medium">{problem.type}</span>: {problem.message}
              </span>
              <span className="shrink-0 font-mono text-xs text-muted-foreground">
                {problem.file}:{problem.line}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
