import { useQuery } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { CallStatus } from "@/components/call-status";
import { QueryView } from "@/components/query-view";
import { Time } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { failing, failuresQuery } from "../queries";

/** The newest calls that failed; each leads to its record. */
export function FailuresCard() {
  const failures = useQuery(failuresQuery());
  return (
    <Card className="flex min-w-0 flex-col">
      <CardHeader
        title="Recent failures"
        actions={
          <Button asChild variant="link" className="h-auto px-0">
            <Link to={`/logs?status=${failing}`}>Show all</Link>
          </Button>
        }
      />
      <div className="xl:min-h-40 px-2 pb-3">
        <QueryView
          query={failures}
          skeleton={
            <div className="px-3">
              <SkeletonRows rows={3} className="h-10" />
            </div>
          }
          empty={<NothingFailed />}
        >
          {(calls) => (
            <ul>
              {calls.map((call) => (
                <FailureRow key={call.id} call={call} />
              ))}
            </ul>
          )}
        </QueryView>
      </div>
    </Card>
  );
}

function FailureRow({ call }: { call: Schema<"Invocation"> }) {
  const { id, function_id, function_name, status, error, http_method, http_path, created_at } = call;
  const text = error?.split("\n", 1)[0] || (http_path ? `${http_method} ${http_path}` : "called directly");
  return (
    <li>
      <Link
        to={`/functions/${function_id}/logs?call=${id}`}
        className="grid h-12 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 rounded-md px-3 hover:bg-muted/60"
      >
        <span className="min-w-0">
          <span className="flex min-w-0 items-center gap-2">
            <span className="truncate font-medium">{function_name ?? function_id}</span>
            <CallStatus status={status} />
          </span>
          <span className="block truncate text-[0.8125rem] text-muted-foreground">{text}</span>
        </span>
        <Time at={created_at} className="self-start pt-0.5 text-[0.8125rem] whitespace-nowrap text-muted-foreground" />
      </Link>
    </li>
  );
}

function NothingFailed() {
  return (
    <div className="flex h-37 flex-col items-center justify-center gap-2 text-center text-muted-foreground">
      <CircleCheck className="size-7 text-success" strokeWidth={1.5} aria-hidden />
      No call has failed.
    </div>
  );
}
