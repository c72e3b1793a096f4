import { useQuery } from "@tanstack/react-query";
import { ChartLine } from "lucide-react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { Empty } from "@/components/empty";
import { QueryView } from "@/components/query-view";
import { allTime } from "@/components/stats/change";
import { CallsChart, ChartCardSkeleton, ColdChart, DurationsChart } from "@/components/stats/charts";
import { type Span, spanSearch, spans } from "@/components/stats/span";
import { SpanControl } from "@/components/stats/span-control";
import { StatCards, StatCardsSkeleton } from "@/components/stats/stat-cards";
import { Button } from "@/components/ui/button";
import { useSearch } from "@/lib/search";
import { type MetricsScope, metricsBeforeQuery, metricsQuery } from "./metrics-queries";
import { StatusesCard } from "./metrics-statuses";

type Stats = Schema<"StatsAndSeries">;

/** How a project's functions, or one of them, did over a span of time. */
export function MetricsPage({ scope }: { scope: MetricsScope }) {
  const [{ span }, setSearch] = useSearch(spanSearch);
  const stats = useQuery(metricsQuery(scope, span));
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <AllTime stats={stats.data} />
        <SpanControl value={span} onChange={(next) => setSearch({ span: next })} />
      </div>
      <QueryView
        query={stats}
        skeleton={<MetricsSkeleton />}
        isEmpty={({ total }) => total.calls === 0}
        empty={<NoCalls scope={scope} span={span} onLonger={() => setSearch({ span: "7d" })} />}
      >
        {(data) => <Figures scope={scope} span={span} stats={data} />}
      </QueryView>
    </>
  );
}

function Figures({ scope, span, stats }: { scope: MetricsScope; span: Span; stats: Stats }) {
  const before = useQuery(metricsBeforeQuery(scope, span));
  return (
    <div className="grid gap-4">
      <StatCards span={span} series={stats} before={before.data} />
      <div className={charts}>
        <CallsChart span={span} points={stats.points} />
        <DurationsChart span={span} points={stats.points} />
        <ColdChart span={span} points={stats.points} />
        <StatusesCard scope={scope} statuses={stats.statuses} />
      </div>
    </div>
  );
}

const charts = "grid gap-4 xl:grid-cols-2";

function AllTime({ stats }: { stats: Stats | undefined }) {
  if (!stats || stats.total_invocations === 0)
    return <p className="text-muted-foreground">{stats && "No calls yet"}</p>;
  return <p className="text-muted-foreground tabular-nums">{allTime(stats).join(" · ")}</p>;
}

interface NoCallsProps {
  scope: MetricsScope;
  span: Span;
  onLonger: () => void;
}

function NoCalls({ scope, span, onLonger }: NoCallsProps) {
  return (
    <Empty
      icon={ChartLine}
      title={`No calls in ${spans[span].name}`}
      action={
        <>
          {span !== "7d" && <Button onClick={onLonger}>Look at 7 days</Button>}
          <Button asChild variant="primary">
            {scope.project ? (
              <Link to={`/projects/${scope.project}`}>To the functions</Link>
            ) : (
              <Link to={`/functions/${scope.function}`}>To the code</Link>
            )}
          </Button>
        </>
      }
    >
      Calls, errors, durations and cold starts show here once {scope.project ? "a function" : "the function"} is called.
    </Empty>
  );
}

function MetricsSkeleton() {
  return (
    <div className="grid gap-4">
      <StatCardsSkeleton />
      <div className={charts}>
        {["calls", "durations", "cold", "statuses"].map((name) => (
          <ChartCardSkeleton key={name} />
        ))}
      </div>
    </div>
  );
}
