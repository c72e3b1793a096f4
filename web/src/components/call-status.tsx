import { Snowflake } from "lucide-react";
import type { Schema } from "@/api/client";
import { Badge, type Tone } from "./ui/badge";

type Status = Schema<"CallStatus">;

const looks: Record<Status, [Tone, string]> = {
  success: ["success", "Success"],
  error: ["danger", "Error"],
  timeout: ["danger", "Timeout"],
  oom: ["danger", "Out of memory"],
  output_limit: ["danger", "Output limit"],
  crashed: ["danger", "Crashed"],
  throttled: ["warning", "Throttled"],
  platform_error: ["warning", "Platform error"],
};

export const callStatuses = Object.keys(looks) as Status[];
export const callStatusName = (status: Status) => looks[status][1];

/** How a call ended. */
export function CallStatus({ status }: { status: Status }) {
  const [tone, name] = looks[status];
  return <Badge tone={tone}>{name}</Badge>;
}

/** Whether a sandbox had to be made for the call. */
export function ColdBadge({ cold }: { cold: boolean }) {
  if (!cold) return <Badge title="A sandbox that was ready took the call">Warm</Badge>;
  return (
    <Badge tone="accent" title="A sandbox was made and the code loaded for this call">
      <Snowflake aria-hidden /> Cold
    </Badge>
  );
}
