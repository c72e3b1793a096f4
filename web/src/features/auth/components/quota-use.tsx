import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { ErrorNote } from "@/components/error-note";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { count } from "@/lib/format";
import { callsTodayQuery, functionsTotalQuery, ownProjectsQuery } from "../queries";

interface Meter {
  name: string;
  used: number | undefined;
  failed: boolean;
  /** 0: there is none. */
  bound: number;
}

/** How much of what the account may have it has. */
export function QuotaUse({ bounds }: { bounds: Schema<"OwnAccount">["effective_quotas"] }) {
  const projects = useQuery(ownProjectsQuery());
  const functions = useQuery(functionsTotalQuery());
  const calls = useQuery(callsTodayQuery());
  const meters: Meter[] = [
    { name: "Projects", used: projects.data, failed: projects.isError, bound: bounds.projects },
    { name: "Functions", used: functions.data?.total_functions, failed: functions.isError, bound: bounds.functions },
    { name: "Calls today", used: calls.data?.total.calls, failed: calls.isError, bound: bounds.calls_per_day },
  ];
  return (
    <>
      <dl className="grid gap-4 sm:grid-cols-3">
        {meters.map((meter) => (
          <QuotaMeter key={meter.name} {...meter} />
        ))}
      </dl>
      <ErrorNote className="mt-4" error={projects.error ?? functions.error ?? calls.error} />
    </>
  );
}

function QuotaMeter({ name, used, failed, bound }: Meter) {
  const share = bound > 0 ? Math.min(1, (used ?? 0) / bound) : 0;
  return (
    <div>
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="mt-0.5">
        <span className="flex h-7 items-baseline gap-1.5 tabular-nums">
          {used === undefined && !failed ? (
            <Skeleton className="h-6 w-12 self-center" />
          ) : (
            <span className="text-lg font-semibold">{used === undefined ? "unknown" : count(used)}</span>
          )}
          <span className="text-muted-foreground">{bound > 0 ? `of ${count(bound)}` : "no bound"}</span>
        </span>
        <span
          aria-hidden
          className={cn("mt-1.5 h-1.5 overflow-hidden rounded-full bg-muted", bound > 0 ? "block" : "hidden")}
        >
          <span
            className={cn("block h-full rounded-full", share >= 0.9 ? "bg-warning" : "bg-primary")}
            style={{ width: `${share * 100}%` }}
          />
        </span>
      </dd>
    </div>
  );
}
