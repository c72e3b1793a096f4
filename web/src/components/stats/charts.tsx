import { useMemo } from "react";
import { Chart, ChartLegend, type ChartProps, ChartSkeleton } from "@/components/chart";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { count, milliseconds, percent } from "@/lib/format";
import { barsOf, type Series, type Span, spans } from "./span";

interface StatsChartProps {
  span: Span;
  points: Series["points"];
}

/** Calls, and which of them failed. */
export function CallsChart({ span, points }: StatsChartProps) {
  const chart = useMemo((): ChartProps => {
    const bars = barsOf(points, spans[span].bar);
    return {
      label: `Calls in ${spans[span].name}`,
      kind: "bars",
      times: bars.map((bar) => bar.at),
      step: spans[span].bar,
      series: [
        { name: "Calls", color: 1, values: bars.map((bar) => bar.calls) },
        { name: "Errors", color: 2, values: bars.map((bar) => bar.errors) },
      ],
      format: count,
      whole: true,
    };
  }, [span, points]);
  return <ChartCard title="Calls and errors" {...chart} />;
}

/** How long calls took: half of them, and all but the slowest. */
export function DurationsChart({ span, points }: StatsChartProps) {
  const chart = useMemo(
    (): ChartProps => ({
      label: `Durations in ${spans[span].name}`,
      kind: "lines",
      times: points.map((point) => Date.parse(point.at) / 1000),
      step: spans[span].step,
      series: [
        { name: "p50", color: 3, values: points.map((point) => point.p50_ms) },
        { name: "p95", color: 5, values: points.map((point) => point.p95_ms) },
        { name: "p99", color: 4, values: points.map((point) => point.p99_ms) },
      ],
      format: milliseconds,
    }),
    [span, points],
  );
  return <ChartCard title="Durations" {...chart} />;
}

/** The share of calls for which a sandbox had to be made. */
export function ColdChart({ span, points }: StatsChartProps) {
  const chart = useMemo((): ChartProps => {
    const bars = barsOf(points, spans[span].bar);
    return {
      label: `Cold starts in ${spans[span].name}`,
      kind: "bars",
      times: bars.map((bar) => bar.at),
      step: spans[span].bar,
      series: [
        { name: "Share of calls", color: 5, values: bars.map((bar) => (bar.calls ? bar.cold / bar.calls : null)) },
      ],
      format: percent,
    };
  }, [span, points]);
  return <ChartCard title="Share of cold starts" {...chart} />;
}

function ChartCard({ title, ...chart }: ChartProps & { title: string }) {
  return (
    <Card className="min-w-0">
      <CardHeader title={title} actions={<ChartLegend series={chart.series} />} />
      <CardBody>
        <Chart {...chart} />
      </CardBody>
    </Card>
  );
}

/** A card with a chart while its values are being loaded. */
export function ChartCardSkeleton() {
  return (
    <Card>
      <div className="px-5 pt-4 pb-3">
        <Skeleton className="my-0.5 h-4.5 w-20" />
      </div>
      <CardBody>
        <ChartSkeleton />
      </CardBody>
    </Card>
  );
}
