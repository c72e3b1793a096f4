import { Segmented } from "@/components/ui/segmented";
import type { Span } from "./span";

/** Chooses the span of time that statistics are shown for. */
export function SpanControl({ value, onChange }: { value: Span; onChange: (span: Span) => void }) {
  return (
    <Segmented
      label="Span of time"
      value={value}
      onChange={onChange}
      options={[
        ["1h", "1 hour"],
        ["24h", "24 hours"],
        ["7d", "7 days"],
      ]}
    />
  );
}
