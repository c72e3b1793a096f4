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
      className={cn("h-7 w-full", className)}
    >
      <path d={`M0 ${HEIGHT - 0.5}H${values.length}`} className="stroke-border" vectorEffect="non-scaling-stroke" />
      {kind === "bars" ? (
        <path d={barPath(scaled)} fill="currentColor" />
      ) : (
        <path
          d={linePath(scaled)}
          fill="none"
          stroke="currentColor"
          strokeWidth={1.5}
          vectorEffect="non-scaling-stroke"
        />
      )}
    </svg>
  );
}

function barPath(values: (number | null)[]): string {
  return values.map((value, at) => (value ? `M${at + 0.15} ${HEIGHT}v${-value}h0.7v${value}z` : "")).join("");
}

/** Broken where there is nothing; a value alone is a short line. */
function linePath(values: (number | null)[]): string {
  const at = (x: number, value: number) => `${x} ${HEIGHT - value}`;
  return values
    .map((value, x) => {
      if (value === null) return "";
      const joined = x > 0 && values[x - 1] !== null;
      return joined ? `L${at(x + 0.5, value)}` : `M${at(x + 0.25, value)}L${at(x + 0.5, value)}`;
    })
    .join("");
}
