/** The plot in its element: made anew when its look changes, fed when its values do. */
import { type RefObject, useEffect, useRef } from "react";
import uPlot from "uplot";
import { useDark } from "@/lib/theme";
import type { ChartProps } from "../chart";
import { plotOptions } from "./options";
import type { Spot } from "./tooltip";

/** Points stand in the middle of the time that they are about. */
function dataOf({ times, step, series }: ChartProps): uPlot.AlignedData {
  return [times.map((at) => at + step / 2), ...series.map((each) => each.values)];
}

/** Gives what moves the crosshair to a point, or takes it away. */
export function usePlot(
  host: RefObject<HTMLDivElement | null>,
  props: ChartProps,
  onSpot: (spot: Spot | null) => void,
) {
  const plot = useRef<uPlot>(null);
  const live = useRef(props);
  const dark = useDark();
  const shape = `${props.kind} ${props.series.map((each) => `${each.name} ${each.color}`)}`;

  useEffect(() => {
    live.current = props;
    plot.current?.setData(dataOf(props));
  }, [props]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: theme and shape are what the look is read from
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    const options = { ...plotOptions(live, (made) => onSpot(spotOf(made))), ...size() };
    const made = new uPlot(options, dataOf(live.current), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize(size()));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
      onSpot(null);
    };
  }, [host, onSpot, dark, shape]);

  return (at: number | null) => {
    const time = at === null ? undefined : plot.current?.data[0][at];
    const left = time === undefined ? -10 : (plot.current?.valToPos(time, "x") ?? -10);
    plot.current?.setCursor({ left, top: left < 0 ? -10 : 0 });
  };
}

function spotOf(plot: uPlot): Spot | null {
  const { idx, left = -1 } = plot.cursor;
  if (idx === null || idx === undefined || left < 0) return null;
  return { at: idx, left: plot.over.offsetLeft + left, width: plot.width };
}
