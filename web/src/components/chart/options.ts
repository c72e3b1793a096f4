/** How uPlot draws our charts. Sizes are in CSS pixels. */
import uPlot from "uplot";
import type { ChartProps, ChartSeries } from "../chart";
import { lines, stepOf } from "./scale";

/** What the drawing needs at any time: it changes while the plot lives on. */
export interface Live {
  current: ChartProps;
}

interface Look {
  text: string;
  grid: string;
  font: string;
  colors: Record<number, string>;
}

/** The theme's tokens as they are now. */
function readLook(): Look {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: token("--muted-foreground"),
    grid: token("--border"),
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
    colors: Object.fromEntries([1, 2, 3, 4, 5].map((n) => [n, token(`--chart-${n}`)])),
  };
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const DAY = 86_400;

function timeLabel(seconds: number, increment: number): string {
  const date = new Date(seconds * 1000);
  const midnight = date.getHours() === 0 && date.getMinutes() === 0;
  return (increment >= DAY || (midnight && increment >= 3600) ? day : clock).format(date);
}

export function plotOptions(live: Live, onCursor: (plot: uPlot) => void): Omit<uPlot.Options, "width" | "height"> {
  const look = readLook();
  const { kind, series } = live.current;
  return {
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      move: snap,
      points:
        kind === "bars"
          ? { show: false }
          : { size: 7, width: 0, fill: (_, at) => look.colors[series[at - 1]?.color ?? 1] ?? "" },
    },
    scales: {
      x: { range: () => timeRange(live.current) },
      y: { range: (_, __, max) => valueRange(live.current, max) },
    },
    axes: [timeAxis(look), valueAxis(live, look)],
    series: [{}, ...series.map((each) => (kind === "bars" ? barSeries(each, look) : lineSeries(each, look)))],
    hooks: { setCursor: [onCursor] },
  };
}

/** The crosshair stands on a point, not between two. */
function snap(plot: uPlot, left: number, top: number): [number, number] {
  const at = plot.data[0][plot.posToIdx(left)];
  return left < 0 || at === undefined ? [left, top] : [Math.round(plot.valToPos(at, "x")), top];
}

function timeRange({ times, step }: ChartProps): [number, number] {
  const first = times[0] ?? 0;
  return [first, (times.at(-1) ?? first) + step];
}

function valueRange({ whole }: ChartProps, max: number | null): [number, number] {
  const highest = max || (whole ? 4 : 1);
  const step = stepOf(highest, whole);
  return [0, Math.ceil(highest / step) * step];
}

function timeAxis(look: Look): uPlot.Axis {
  return {
    stroke: look.text,
    font: look.font,
    grid: { show: false },
    ticks: { show: false },
    size: 22,
    gap: 6,
    space: 76,
    values: (plot, splits, __, ___, increment) =>
      splits.map((at) => (fits(plot, at) ? timeLabel(at, increment) : null)),
  };
}

/** A label in the middle of which the plot ends would be cut off. */
function fits({ scales, width }: uPlot, at: number): boolean {
  const { min = 0, max = 1 } = scales.x ?? {};
  return ((max - at) / (max - min)) * (width - 60) > 26;
}

function valueAxis(live: Live, look: Look): uPlot.Axis {
  return {
    stroke: look.text,
    font: look.font,
    grid: { stroke: look.grid, width: 1 },
    ticks: { show: false },
    gap: 8,
    size: (plot, labels) => Math.max(widest(plot, look.font, labels) + 12, 30),
    splits: (_, __, ___, max) => lines(max, live.current.whole),
    values: (_, splits) => splits.map((value) => (value === 0 ? "0" : live.current.format(value))),
  };
}

function widest({ ctx }: uPlot, font: string, labels: string[] | null): number {
  ctx.save();
  ctx.font = font;
  const width = Math.max(0, ...(labels ?? []).map((label) => ctx.measureText(label ?? "").width));
  ctx.restore();
  return Math.ceil(width);
}

function barSeries({ color }: ChartSeries, look: Look): uPlot.Series {
  const fill = look.colors[color] ?? "";
  return {
    fill,
    width: 0,
    paths: uPlot.paths.bars?.({ size: [0.72, 40, 1], radius: [0.15, 0] }),
    points: { show: false },
  };
}

function lineSeries({ color }: ChartSeries, look: Look): uPlot.Series {
  const stroke = look.colors[color] ?? "";
  return { stroke, width: 1.75, points: { show: true, size: 5, width: 0, fill: stroke, filter: lonely } };
}

/** Points between two gaps: a line does not show them. */
function lonely(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  const none = (at: number) => values[at] === null || values[at] === undefined;
  return Array.from(values.keys()).filter((at) => !none(at) && none(at - 1) && none(at + 1));
}
