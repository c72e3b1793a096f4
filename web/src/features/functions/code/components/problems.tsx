import { CircleAlert, PackagePlus } from "lucide-react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { Button } from "@/components/ui/button";
import type { Place } from "../traceback";

export type Problem = Schema<"Problem">;

interface ProblemsProps {
  fn: Schema<"Function">;
  problems: Problem[];
  readOnly: boolean;
  onPlace: (place: Place) => void;
}

/** Where the code fails; a click leads there. A package that is missing can be had from the project. */
export function Problems({ fn, problems, readOnly, onPlace }: ProblemsProps) {
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
            {problem.package && !readOnly && <MissingPackage fn={fn} name={problem.package} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

function MissingPackage({ fn, name }: { fn: Schema<"Function">; name: string }) {
  if (!fn.project_id)
    return (
      <p className="px-2 pb-1 pl-7.5 text-[0.8125rem] text-muted-foreground">
        The package {name} provides it. Functions have the packages of their project: this one is in none.
      </p>
    );
  const search = new URLSearchParams({ add: name, ...(fn.runtime === "nodejs" && { language: "node" }) });
  return (
    <Button asChild size="small" className="mt-0.5 mb-1 ml-7.5">
      <Link to={`/projects/${fn.project_id}/dependencies?${search}`}>
        <PackagePlus aria-hidden /> Add {name} to the project
      </Link>
    </Button>
  );
}
