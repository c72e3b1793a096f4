import { type ChartProps, SeriesDot } from "../chart";
import { pointTime, pointValues } from "./describe";

/** Where the crosshair is. */
export interface Spot {
  at: number;
  left: number;
  /** Of the whole chart. */
  width: number;
}

/** All values at the crosshair, on the side of it that has more room. Screen readers hear them from the slider. */
export function ChartTooltip({ spot, ...props }: ChartProps & { spot: Spot }) {
  if (spot.at >= props.times.length) return null;
  const side = spot.left > spot.width / 2 ? { right: spot.width - spot.left + 10 } : { left: spot.left + 10 };
  return (
    <div
      aria-hidden
      style={side}
      className="pointer-events-none absolute top-1 z-10 max-w-60 rounded-md border bg-card px-2.5 py-2 text-xs shadow-md"
    >
      <p className="mb-1 text-muted-foreground">{pointTime(props, spot.at)}</p>
      <dl className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-0.5">
        {pointValues(props, spot.at).map(([name, value], at) => (
          <div key={name} className="contents">
            <dt className="flex items-center gap-1.5">
              <SeriesDot color={props.series[at]?.color ?? 1} /> {name}
            </dt>
            <dd className="text-right font-medium tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
