import "uplot/dist/uPlot.min.css";
import { type KeyboardEvent, useId, useMemo, useRef, useState } from "react";
import { cn } from "@/lib/cn";
import { type ChartProps, chartHeight } from "../chart";
import { describe, summarize } from "./describe";
import { ChartTable } from "./table";
import { ChartTooltip, type Spot } from "./tooltip";
import { usePlot } from "./use-plot";

/** The canvas with its crosshair. To the keyboard and to screen readers it is a slider over the points in time; the table of
 * all values stands behind it. */
export default function ChartPlot(props: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const [spot, setSpot] = useState<Spot | null>(null);
  const moveTo = usePlot(host, props, setSpot);
  const summary = useMemo(() => summarize(props), [props]);
  const tableId = useId();
  const last = props.times.length - 1;
  const at = spot ? Math.min(spot.at, last) : last;
  const onKeyDown = (event: KeyboardEvent) => {
    const next = nextPoint(event.key, at, last);
    if (next === undefined) return;
    event.preventDefault();
    moveTo(next);
  };
  return (
    <div className="relative">
      <div
        role="slider"
        tabIndex={0}
        aria-label={summary}
        aria-details={tableId}
        aria-valuemin={0}
        aria-valuemax={Math.max(last, 0)}
        aria-valuenow={Math.max(at, 0)}
        aria-valuetext={describe(props, at)}
        onKeyDown={onKeyDown}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && moveTo(at)}
        onBlur={() => moveTo(null)}
        className="rounded-sm"
      >
        <div
          ref={host}
          className={cn(
            "overflow-hidden [&_.u-cursor-x]:border-muted-foreground! [&_.u-cursor-x]:border-solid!",
            chartHeight,
          )}
        />
      </div>
      {spot && <ChartTooltip spot={spot} {...props} />}
      <ChartTable id={tableId} {...props} />
    </div>
  );
}

/** Where a key leads; null takes the crosshair away. */
function nextPoint(key: string, at: number, last: number): number | null | undefined {
  if (key === "ArrowLeft" || key === "ArrowDown") return Math.max(at - 1, 0);
  if (key === "ArrowRight" || key === "ArrowUp") return Math.min(at + 1, last);
  if (key === "PageDown") return Math.max(at - 10, 0);
  if (key === "PageUp") return Math.min(at + 10, last);
  if (key === "Home") return 0;
  if (key === "End") return last;
  return key === "Escape" ? null : undefined;
}
