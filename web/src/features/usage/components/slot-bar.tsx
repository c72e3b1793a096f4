import type { Schema } from "@/api/client";
import { cn } from "@/lib/cn";
import { count, plural } from "@/lib/format";

type Slots = Schema<"System">["slots"];

const states: [Exclude<keyof Slots, "max">, string, string, string][] = [
  ["busy", "Busy", "bg-chart-1", "at work on a call"],
  ["idle", "Idle", "bg-chart-3", "ready for calls of their own function"],
  ["starting", "Starting", "bg-chart-4", "being made or loading code"],
  ["blank", "Blank", "bg-chart-5", "ready for any function of their runtime"],
];

/** How many sandboxes there are, of how many there may be, and what they do. */
export function SlotBar({ slots, queued }: { slots: Slots; queued: number }) {
  const used = states.reduce((sum, [name]) => sum + slots[name], 0);
  return (
    <div>
      <p className="flex flex-wrap items-baseline justify-between gap-x-3">
        <span className="text-[0.8125rem] text-muted-foreground">Sandboxes</span>
        <span className="tabular-nums">
          {count(used)} <span className="text-muted-foreground">of {count(slots.max)}</span>
        </span>
      </p>
      <div aria-hidden className="mt-1.5 flex h-2.5 gap-px overflow-hidden rounded-full bg-muted">
        {states
          .filter(([name]) => slots[name] > 0)
          .map(([name, , color]) => (
            <div
              key={name}
              className={cn(color, "min-w-1.5 transition-[width]")}
              style={{ width: `${(slots[name] / slots.max) * 100}%` }}
            />
          ))}
      </div>
      <div className="mt-2 flex flex-wrap justify-between gap-x-4 gap-y-1 text-[0.8125rem]">
        <dl className="flex flex-wrap gap-x-4 gap-y-1">
          {states.map(([name, label, color, meaning]) => (
            <div key={name} className="flex items-center gap-1.5" title={`${label}: ${meaning}`}>
              <span aria-hidden className={cn("size-2 rounded-full", color)} />
              <dt className="text-muted-foreground">{label}</dt>
              <dd className="tabular-nums">{count(slots[name])}</dd>
            </div>
          ))}
        </dl>
        <p className={queued > 0 ? "text-warning" : "text-muted-foreground"}>
          {queued > 0 ? `${plural(queued, "call")} waiting for a sandbox` : "No call is waiting"}
        </p>
      </div>
    </div>
  );
}
