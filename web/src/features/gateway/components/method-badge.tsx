import { Badge, type Tone } from "@/components/ui/badge";
import { cn } from "@/lib/cn";

const tones: Record<string, Tone> = {
  GET: "accent",
  POST: "success",
  PUT: "warning",
  PATCH: "warning",
  DELETE: "danger",
};

export function MethodBadge({ method, className }: { method: string; className?: string }) {
  return (
    <Badge tone={tones[method] ?? "neutral"} className={cn("justify-center rounded font-mono", className)}>
      {method}
    </Badge>
  );
}
