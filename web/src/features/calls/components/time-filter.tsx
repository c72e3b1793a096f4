import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import { cn } from "@/lib/cn";
import type { Filters, Span } from "../log-search";
import { setLook } from "./filter-look";

const names: [Span, string][] = [
  ["all", "All time"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["between", "From … to …"],
];

interface TimeProps {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
}

export function TimeSelect({ filters, onChange }: TimeProps) {
  return (
    <Select
      aria-label="Time"
      className={cn("w-auto max-sm:grow", filters.span !== "all" && setLook)}
      value={filters.span}
      onChange={(event) => onChange({ span: event.target.value as Span, from: "", to: "" })}
    >
      {names.map(([span, name]) => (
        <option key={span} value={span}>
          {name}
        </option>
      ))}
    </Select>
  );
}

/** Both ends of a span of time, in the viewer's zone. */
export function TimeBetween({ filters, onChange }: TimeProps) {
  return (
    <div className="flex flex-wrap gap-2">
      <Moment label="From" value={filters.from} onChange={(from) => onChange({ from })} />
      <Moment label="To" value={filters.to} onChange={(to) => onChange({ to })} />
    </div>
  );
}

function Moment({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <Field label={label} className="flex items-center gap-2 max-sm:w-full max-sm:[&_label]:w-10">
      {(control) => (
        <Input
          {...control}
          type="datetime-local"
          className="w-auto max-sm:grow"
          value={toLocal(value)}
          onChange={(event) => onChange(event.target.value && new Date(event.target.value).toISOString())}
        />
      )}
    </Field>
  );
}

/** "2026-01-31T12:00:00Z" -> "2026-01-31T13:00", as such an input takes it. */
function toLocal(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
