import { LoaderCircle, TriangleAlert } from "lucide-react";
import { Badge, type Tone } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import type { Database } from "../queries";

type State = NonNullable<Database["state"]>;

const looks: Record<State, [Tone, string, string]> = {
  provisioning: ["accent", "Being made", "The database is being made. This takes a few seconds."],
  ready: ["success", "Ready", ""],
  full: ["warning", "Full", "The database is over its size: writing is refused until something is deleted."],
  blocked: ["danger", "Blocked", "The database is far over its size: connections are refused."],
  unavailable: ["danger", "Unavailable", "The server of the database does not answer."],
};

export function StateBadge({ state }: { state: State }) {
  const [tone, name] = looks[state];
  return <Badge tone={tone}>{name}</Badge>;
}

/** What is wrong with the database, in the server's words; nothing when nothing is. */
export function StateNote({ database: { state, problem } }: { database: Database }) {
  if (!state || (state === "ready" && !problem)) return null;
  const [tone, , words] = looks[state];
  const Icon = state === "provisioning" ? LoaderCircle : TriangleAlert;
  return (
    <div
      role={tone === "danger" ? "alert" : "status"}
      className={cn(
        "mb-4 flex gap-2 rounded-md px-3 py-2",
        tone === "danger" && "bg-danger-soft text-danger",
        tone === "accent" && "bg-accent text-accent-foreground",
        (tone === "warning" || tone === "success") && "bg-warning-soft text-warning",
      )}
    >
      <Icon className={cn("mt-0.5 size-4 shrink-0", state === "provisioning" && "animate-spin")} aria-hidden />
      <p className="min-w-0 whitespace-pre-wrap wrap-anywhere">{problem ?? words}</p>
    </div>
  );
}
