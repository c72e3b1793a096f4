import { ArrowRight } from "lucide-react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { ErrorNote } from "@/components/error-note";
import type { Tested } from "../use-tester";
import { MethodBadge } from "./method-badge";
import { PathText } from "./path-text";

interface TestResultProps {
  method: string;
  path: string;
  tested: Tested;
  functions: Schema<"Function">[];
}

/** Where the request goes, with the parameters that the function gets. */
export function TestResult({ method, path, tested, functions }: TestResultProps) {
  if (tested.error) return <ErrorNote error={tested.error} />;
  return (
    <div role="status" aria-label="Route" className="min-h-8 rounded-md bg-muted/60 px-3 py-1.5">
      {tested.route ? (
        <Hit route={tested.route} params={tested.params} functions={functions} />
      ) : (
        <p className="text-muted-foreground">
          {tested.answered ? (
            <>
              No route takes <span className="font-mono text-[0.8125rem] wrap-anywhere">{`${method} ${path}`}</span>.
              The gateway answers 404.
            </>
          ) : (
            "Write a path to see which route takes it."
          )}
        </p>
      )}
    </div>
  );
}

interface HitProps {
  route: Schema<"Route">;
  params: Record<string, string>;
  functions: Schema<"Function">[];
}

function Hit({ route, params, functions }: HitProps) {
  const name = functions.find(({ id }) => id === route.function_id)?.name ?? "the function";
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <MethodBadge method={route.method} />
      <PathText path={route.path} />
      <ArrowRight className="size-4 text-muted-foreground" aria-label="goes to" />
      <Link to={`/functions/${route.function_id}`} className="font-medium hover:underline">
        {name}
      </Link>
      <dl className="flex flex-wrap gap-x-3 font-mono text-[0.8125rem]">
        {Object.entries(params).map(([key, value]) => (
          <div key={key} className="flex">
            <dt className="text-primary">{key}</dt>
            <dd className="wrap-anywhere">
              <span className="px-1 text-muted-foreground">=</span>
              {JSON.stringify(value)}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
