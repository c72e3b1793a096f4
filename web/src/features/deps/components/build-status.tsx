import type { Schema } from "@/api/client";
import { Badge, type Tone } from "@/components/ui/badge";
import { milliseconds } from "@/lib/format";
import type { Build } from "../queries";

const looks: Record<Schema<"BuildStatus">, [Tone, string]> = {
  queued: ["neutral", "Waiting"],
  running: ["accent", "Building"],
  succeeded: ["success", "Succeeded"],
  failed: ["danger", "Failed"],
  cancelled: ["neutral", "Cancelled"],
};

/** How a build is or ended. */
export function BuildStatus({ status }: { status: Schema<"BuildStatus"> }) {
  const [tone, name] = looks[status];
  return <Badge tone={tone}>{name}</Badge>;
}

/** "Took 4.1 s", as soon as that is known. */
export function buildTook({ started_at, finished_at, reused }: Build): string {
  if (reused) return "An equal set was there already";
  if (!started_at || !finished_at) return "";
  return `Took ${milliseconds(Math.max(1, Date.parse(finished_at) - Date.parse(started_at)))}`;
}
