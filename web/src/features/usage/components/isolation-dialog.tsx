import { CircleAlert, CircleCheck, CircleX, type LucideIcon } from "lucide-react";
import type { Schema } from "@/api/client";
import { Dialog } from "@/components/ui/dialog";
import { cn } from "@/lib/cn";

type Isolation = Schema<"Isolation">;
type Check = Isolation["checks"][number];

const looks: Record<Check["state"], [LucideIcon, string, string]> = {
  missing: [CircleX, "text-danger", "Missing"],
  weaker: [CircleAlert, "text-warning", "Weaker"],
  works: [CircleCheck, "text-success", "Works"],
};
const order: Check["state"][] = ["missing", "weaker", "works"];

interface IsolationDialogProps {
  isolation: Isolation;
  onClose: () => void;
}

/** What keeps functions apart on this server, as `virga doctor` tells it; what is not as it should be comes first. */
export default function IsolationDialog({ isolation, onClose }: IsolationDialogProps) {
  const checks = isolation.checks.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const full = isolation.state === "full";
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Isolation"
      description={
        full
          ? "Every protection works here. This is what was checked when the server started."
          : "Some protections are weaker than they could be. This is what was checked when the server started."
      }
      className="w-[min(40rem,calc(100vw-2rem))]"
    >
      <ul className="divide-y">
        {checks.map((check) => (
          <CheckRow key={check.feature} check={check} />
        ))}
      </ul>
    </Dialog>
  );
}

function CheckRow({ check: { feature, state, detail, fix } }: { check: Check }) {
  const [Icon, color, word] = looks[state];
  return (
    <li className="flex gap-3 py-2">
      <Icon className={cn("mt-0.5 size-4 shrink-0", color)} aria-hidden />
      <div className="min-w-0">
        <p className="font-medium">
          <span className="sr-only">{word}: </span>
          {feature}
        </p>
        <p className="wrap-anywhere text-muted-foreground">{detail}</p>
        {fix && <p className="mt-1 wrap-anywhere">To mend it: {fix}</p>}
      </div>
    </li>
  );
}
