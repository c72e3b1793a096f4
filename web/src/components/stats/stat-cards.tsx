import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { count, milliseconds, percent, plural } from "@/lib/format";
import { type Change, changeOf, pointsOf, successRate } from "./change";
import { barsOf, comparable, type Series, type Span, type Sum, spans } from "./span";
import { Sparkline } from "./sparkline";

interface StatCardsProps {
  span: Span;
  series: Series;
  /** Of the span before: undefined while it is not known. */
  before: Series | undefined;
}

/** The totals of a span: calls, errors, durations and cold starts, each with its course and its change. */
export function StatCards({ span, series, before: seriesBefore }: StatCardsProps) {
  const { points, total } = series;
  const before = seriesBefore && comparable(seriesBefore, series);
  const bars = useMemo(() => barsOf(points, spans[span].bar), [points, span]);
  const card = { span, known: before !== undefined };
  const busiest = Math.max(0, ...bars.map((bar) => bar.calls));
  return (
    <div className={grid}>
      <StatCard
        {...card}
        name="Calls"
        value={count(total.calls)}
        change={changeOf(total.calls, before?.calls)}
        detail={total.calls > 0 ? `at most ${count(busiest)} in ${spans[span].barName}` : "none"}
      >
        <Sparkline kind="bars" className="text-chart-1" values={bars.map((bar) => bar.calls)} />
      </StatCard>
      <StatCard
        {...card}
        name="Errors"
        value={count(total.errors)}
        change={changeOf(total.errors, before?.errors)}
        badWhen={1}
        detail={total.calls > 0 ? `${successRate(total)} successful` : "no calls"}
      >
        <Sparkline kind="bars" className="text-chart-2" values={bars.map((bar) => bar.errors)} />
      </StatCard>
      <StatCard
        {...card}
        name="Median duration"
        value={time(total.p50_ms)}
        change={changeOf(total.p50_ms, before?.p50_ms)}
        badWhen={1}
        detail={total.calls > 0 ? quantiles(total) : "no calls"}
      >
        <Sparkline kind="line" className="text-chart-3" values={points.map((point) => point.p50_ms)} />
      </StatCard>
      <StatCard
        {...card}
        name="Cold starts"
        value={total.cold_share === null ? "–" : percent(total.cold_share)}
        change={pointsOf(total.cold_share, before?.cold_share)}
        badWhen={1}
        detail={total.calls > 0 ? `of ${plural(total.calls, "call")}` : "no calls"}
      >
        <Sparkline kind="bars" className="text-chart-5" values={bars.map((bar) => bar.cold)} />
      </StatCard>
    </div>
  );
}

const grid = "grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4";
/** No break within a number and its unit. */
const quantiles = ({ p95_ms, p99_ms }: Sum) =>
  [`p95 ${time(p95_ms)}`, `p99 ${time(p99_ms)}`].map((text) => text.replaceAll(" ", "\u00a0")).join(", ");
const time = (ms: number | null) => (ms === null ? "–" : milliseconds(ms));

interface StatCardProps {
  name: string;
  value: string;
  detail: string;
  change: Change | undefined;
  /** The direction of a change that is no good news. */
  badWhen?: 1 | -1;
  /** What was before is known. */
  known: boolean;
  span: Span;
  children: ReactNode;
}

function StatCard({ name, value, detail, change, badWhen, known, span, children }: StatCardProps) {
  return (
    <Card className="flex min-w-0 flex-col px-4 pt-3.5 pb-4 sm:px-5">
      <h2 className="text-[0.8125rem] font-medium text-muted-foreground">{name}</h2>
      <p className="mt-0.5 flex flex-wrap items-baseline gap-x-2">
        <span className="text-2xl font-semibold tracking-tight whitespace-nowrap tabular-nums">{value}</span>
        {/* A line of its own on narrow screens, held open until what was before is known. */}
        <span className="max-sm:block max-sm:h-5 max-sm:w-full">
          {change && <ChangeNote change={change} badWhen={badWhen} before={spans[span].before} />}
          {known && !change && <span className="text-[0.8125rem] text-muted-foreground sm:hidden">none before</span>}
        </span>
      </p>
      <p className="mb-3 text-[0.8125rem] text-balance text-muted-foreground tabular-nums max-sm:min-h-10">{detail}</p>
      <div className="mt-auto">{children}</div>
    </Card>
  );
}

interface ChangeNoteProps {
  change: Change;
  badWhen: 1 | -1 | undefined;
  before: string;
}

function ChangeNote({ change, badWhen, before }: ChangeNoteProps) {
  const { direction, text } = change;
  const tone =
    direction === 0 || !badWhen ? "text-muted-foreground" : direction === badWhen ? "text-danger" : "text-success";
  const Arrow = direction > 0 ? ArrowUp : ArrowDown;
  return (
    <span
      className={cn("inline-flex items-center gap-0.5 text-[0.8125rem] whitespace-nowrap tabular-nums", tone)}
      title={`Compared with ${before}`}
    >
      {direction !== 0 && <Arrow className="size-3.5" aria-hidden />}
      {text}
      <span className="sr-only"> compared with {before}</span>
    </span>
  );
}

/** The cards while they are being loaded. */
export function StatCardsSkeleton() {
  return (
    <div className={grid}>
      {["calls", "errors", "duration", "cold"].map((name) => (
        <Card key={name} className="px-4 pt-3.5 pb-4 sm:px-5">
          <Skeleton className="mt-1 h-3.5 w-24" />
          <Skeleton className="mt-2 h-7 w-20" />
          <Skeleton className="mt-2.5 mb-3 h-3.5 w-32 max-w-full max-sm:mb-13" />
          <Skeleton className="h-7" />
        </Card>
      ))}
    </div>
  );
}
