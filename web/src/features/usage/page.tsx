import { usePrefetchQuery, useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { PageHeader } from "@/components/page-header";
import { QueryView } from "@/components/query-view";
import { allTime } from "@/components/stats/change";
import { type Span, spanSearch } from "@/components/stats/span";
import { SpanControl } from "@/components/stats/span-control";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { plural } from "@/lib/format";
import { useSearch } from "@/lib/search";
import { Activity, ActivitySkeleton } from "./components/activity";
import { FailuresCard } from "./components/failures-card";
import { ProjectsCard } from "./components/projects-card";
import { SystemCard } from "./components/system-card";
import { Welcome } from "./components/welcome";
import {
  failuresQuery,
  recentProjectsQuery,
  seriesBeforeQuery,
  seriesQuery,
  systemQuery,
  totalsQuery,
} from "./queries";

/** How everything does: what was called, what failed, the state of the server. Whoever is new finds the first steps. */
export function DashboardPage() {
  const [{ span }, setSearch] = useSearch(spanSearch);
  usePrefetchAll(span);
  const totals = useQuery(totalsQuery());
  const isNew = totals.data?.total_invocations === 0;
  return (
    <>
      <PageHeader
        title="Dashboard"
        description={<AllTime totals={totals.data} />}
        actions={
          <div className={cn(isNew && "invisible")}>
            <SpanControl value={span} onChange={(next) => setSearch({ span: next })} />
          </div>
        }
      />
      <QueryView query={totals} skeleton={<ActivitySkeleton />}>
        {(all) => (
          <div className="grid gap-4">
            {all.total_invocations === 0 ? <Welcome hasFunctions={all.total_functions > 0} /> : <Sights span={span} />}
            <SystemCard />
          </div>
        )}
      </QueryView>
    </>
  );
}

/** Asks for everything at once, not for one thing after the other. */
function usePrefetchAll(span: Span) {
  usePrefetchQuery(seriesQuery(span));
  usePrefetchQuery(seriesBeforeQuery(span));
  usePrefetchQuery(failuresQuery());
  usePrefetchQuery(recentProjectsQuery());
  usePrefetchQuery(systemQuery());
}

function Sights({ span }: { span: Span }) {
  return (
    <>
      <Activity span={span} />
      <div className="grid gap-4 xl:grid-cols-2">
        <FailuresCard />
        <ProjectsCard />
      </div>
    </>
  );
}

function AllTime({ totals }: { totals: Schema<"Stats"> | undefined }) {
  if (!totals) return <Skeleton className="my-0.75 h-3.5 w-72 max-w-full" />;
  const functions = plural(totals.total_functions, "function");
  if (totals.total_invocations === 0)
    return <p>{totals.total_functions > 0 ? `${functions}, no calls yet` : "No functions yet"}</p>;
  const [calls, ...rest] = allTime(totals);
  return (
    <p className="tabular-nums">
      {functions} · {calls}
      <span className="max-sm:hidden"> · {rest.join(" · ")}</span>
    </p>
  );
}
