import { cn } from "@/lib/cn";

interface SparklineProps {
  values: (number | null)[];
  kind: "bars" | "line";
  /** Its colour, such as "text-chart-1". */
  className?: string;
}

const HEIGHT = 28;

/** The course of a number, small and without axes; the number itself stands beside it. */
export function Sparkline({ values, kind, className }: SparklineProps) {
  const top = Math.max(0, ...values.map((value) => value ?? 0)) || 1;
  const scaled = values.map((value) => value && Math.max((value / top) * (HEIGHT - 2), 1));
  return (
    <svg
      aria-hidden
      viewBox={`0 0 ${values.length} ${HEIGHT}`}
      preserveAspectRatio="none"
      className={cn("h-7 w-full overflow-visible", className)}
    >
      <path d={`M0 ${HEIGHT - 0.5}H${values.length}`} className="stroke-border" vectorEffect="non-scaling-stroke" />
      {kind === "bars" ? (
        <path d={barPath(scaled)} fill="currentColor" />
      ) : (
        <path
          d={linePath(scaled)}
          fill="none"
          stroke="currentColor"
          strokeWidth={values.filter((value) => value !== null).length > 1 ? 1.5 : 5}
          strokeLinecap="round"
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
      )}
    </svg>
  );
}

function barPath(values: (number | null)[]): string {
  return values.map((value, at) => (value ? `M${at + 0.15} ${HEIGHT}v${-value}h0.7v${value}z` : "")).join("");
}

/** Goes on over what is missing. */
function linePath(values: (number | null)[]): string {
  const known = values.flatMap((value, x) => (value === null ? [] : [`${x + 0.5} ${HEIGHT - value}`]));
  return known.length > 0 ? `M${known.join("L")}${known.length === 1 ? "h0" : ""}` : "";
}
