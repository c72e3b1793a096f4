import { Link } from "react-router";
import { CallStatus, callStatuses } from "@/components/call-status";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { cn } from "@/lib/cn";
import { count, percent } from "@/lib/format";
import type { MetricsScope } from "./metrics-queries";

interface StatusesCardProps {
  scope: MetricsScope;
  /** Calls by how they ended. */
  statuses: Record<string, number>;
}

/** How calls ended; each way leads to its records. */
export function StatusesCard({ scope, statuses }: StatusesCardProps) {
  const total = Object.values(statuses).reduce((sum, calls) => sum + calls, 0) || 1;
  const seen = callStatuses.filter((status) => statuses[status]);
  const logs = scope.project ? `/projects/${scope.project}/logs` : `/functions/${scope.function}/logs`;
  return (
    <Card className="min-w-0">
      <CardHeader title="How calls ended" />
      <CardBody>
        <ul className="grid gap-1">
          {seen.map((status) => {
            const calls = statuses[status] ?? 0;
            return (
              <li key={status}>
                <Link to={`${logs}?status=${status}`} className="-mx-2 block rounded-md px-2 py-1.5 hover:bg-muted/60">
                  <span className="flex items-center justify-between gap-3">
                    <CallStatus status={status} />
                    <span className="tabular-nums">
                      {count(calls)} <span className="sr-only">{calls === 1 ? "call" : "calls"}</span>{" "}
                      <span className="ml-1 inline-block w-13 text-right text-muted-foreground">
                        {percent(calls / total)}
                      </span>
                    </span>
                  </span>
                  <span aria-hidden className="mt-1.5 block h-1.5 overflow-hidden rounded-full bg-muted">
                    <span
                      className={cn("block h-full rounded-full", status === "success" ? "bg-chart-3" : "bg-chart-2")}
                      style={{ width: `max(${(calls / total) * 100}%, 0.25rem)` }}
                    />
                  </span>
                </Link>
              </li>
            );
          })}
        </ul>
      </CardBody>
    </Card>
  );
}
