import type { Schema } from "@/api/client";
import { cn } from "@/lib/cn";
import { microseconds } from "@/lib/format";

type Phases = Schema<"Invocation">["phases"];

const phases: [keyof Phases, string, string, string][] = [
  ["queue_us", "Queue", "bg-chart-4", "waiting for a sandbox to become free"],
  ["place_us", "Placement", "bg-chart-5", "getting a new sandbox"],
  ["load_us", "Load", "bg-chart-3", "loading the code"],
  ["handler_us", "Handler", "bg-chart-1", "the handler at work"],
];

/** Where the time of a call went: a bar of its phases, and each with its time below. */
export function PhaseBar({ phases: times, className }: { phases: Phases; className?: string }) {
  const spent = phases.filter(([name]) => times[name] > 0);
  const total = spent.reduce((sum, [name]) => sum + times[name], 0) || 1;
  return (
    <div className={className}>
      <div aria-hidden className="flex h-2 gap-px overflow-hidden rounded-full bg-muted">
        {spent.map(([name, , color]) => (
          <div key={name} className={cn(color, "min-w-0.5")} style={{ width: `${(times[name] / total) * 100}%` }} />
        ))}
      </div>
      <dl className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-[0.8125rem]">
        {phases.map(([name, label, color, meaning]) => (
          <div key={name} className="flex items-center gap-1.5" title={`${label}: ${meaning}`}>
            <span aria-hidden className={cn("size-2 rounded-full", color)} />
            <dt className="text-muted-foreground">{label}</dt>
            <dd className="tabular-nums">{microseconds(times[name])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
