import { useQuery } from "@tanstack/react-query";
import { QueryView } from "@/components/query-view";
import { CallsChart, ChartCardSkeleton, DurationsChart } from "@/components/stats/charts";
import type { Span } from "@/components/stats/span";
import { StatCards, StatCardsSkeleton } from "@/components/stats/stat-cards";
import { seriesBeforeQuery, seriesQuery } from "../queries";

/** The figures of a span, and their charts. */
export function Activity({ span }: { span: Span }) {
  const series = useQuery(seriesQuery(span));
  const before = useQuery(seriesBeforeQuery(span));
  return (
    <QueryView query={series} skeleton={<ActivitySkeleton />}>
      {(data) => (
        <>
          <StatCards span={span} series={data} before={before.data} />
          <div className={charts}>
            <CallsChart span={span} points={data.points} />
            <DurationsChart span={span} points={data.points} />
          </div>
        </>
      )}
    </QueryView>
  );
}

const charts = "grid gap-4 xl:grid-cols-2";

export function ActivitySkeleton() {
  return (
    <div className="grid gap-4">
      <StatCardsSkeleton />
      <div className={charts}>
        <ChartCardSkeleton />
        <ChartCardSkeleton />
      </div>
    </div>
  );
}
