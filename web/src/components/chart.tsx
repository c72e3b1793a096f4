import { lazy, Suspense } from "react";
import { cn } from "@/lib/cn";
import { Skeleton } from "./ui/skeleton";

// On its way while the values are: who has this file will show a chart. What goes wrong is told where it is shown.
const plot = import("./chart/plot");
plot.catch(() => undefined);
const Plot = lazy(() => plot);

export interface ChartSeries {
  name: string;
  /** Which of the theme's chart colours. */
  color: 1 | 2 | 3 | 4 | 5;
  /** One for each time; null where there is none. */
  values: (number | null)[];
}

export interface ChartProps {
  /** What it shows, as a title says it. */
  label: string;
  kind: "bars" | "lines";
  /** Seconds since 1970 where points begin. */
  times: number[];
  /** Seconds that a point stands for. */
  step: number;
  /** Of bars a later one is part of the earlier ones and is drawn over them. */
  series: ChartSeries[];
  /** A value with its unit. */
  format: (value: number) => string;
  /** Values are whole numbers. */
  whole?: boolean;
}

/** Values over time. The code that draws comes by itself, later than the page. */
export function Chart(props: ChartProps) {
  return (
    <Suspense fallback={<ChartSkeleton />}>
      <Plot {...props} />
    </Suspense>
  );
}

/** What holds the place of a chart while its values are being loaded. */
export function ChartSkeleton() {
  return <Skeleton className={chartHeight} />;
}

export const chartHeight = "h-52";
const dots = ["", "bg-chart-1", "bg-chart-2", "bg-chart-3", "bg-chart-4", "bg-chart-5"];

export function SeriesDot({ color, className }: { color: ChartSeries["color"]; className?: string }) {
  return <span aria-hidden className={cn("inline-block size-2 shrink-0 rounded-full", dots[color], className)} />;
}

/** Which colour stands for what; the slider says it to screen readers. */
export function ChartLegend({ series }: Pick<ChartProps, "series">) {
  return (
    <div aria-hidden className="flex flex-wrap gap-x-4 text-[0.8125rem] text-muted-foreground">
      {series.map(({ name, color }) => (
        <span key={name} className="inline-flex items-center gap-1.5 whitespace-nowrap">
          <SeriesDot color={color} /> {name}
        </span>
      ))}
    </div>
  );
}
