import { Check, Circle, LoaderCircle } from "lucide-react";
import type { Schema } from "@/api/client";
import { cn } from "@/lib/cn";
import { bytes, plural } from "@/lib/format";

type Progress = Schema<"BuildProgress">;

const steps: [Progress["step"], string][] = [
  ["waiting", "Wait"],
  ["resolving", "Resolve"],
  ["installing", "Install"],
  ["storing", "Store"],
];

/** How far a build has come, and how much it has found and fetched. */
export function BuildSteps({ progress, live }: { progress: Progress; live: boolean }) {
  const found = [
    progress.packages > 0 && plural(progress.packages, "package"),
    progress.bytes > 0 && bytes(progress.bytes),
  ].filter(Boolean);
  const at = progress.step === "done" ? steps.length : steps.findIndex(([step]) => step === progress.step);
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <ol aria-label="Steps" className="flex flex-wrap items-center gap-x-3 gap-y-1">
        {steps.map(([step, name], index) => (
          <li
            key={step}
            aria-current={index === at ? "step" : undefined}
            className={cn(
              "inline-flex items-center gap-1.5 text-[0.8125rem]",
              index === at ? "font-medium" : index > at && "text-muted-foreground",
            )}
          >
            <StepIcon done={index < at} now={index === at && live} />
            {name}
          </li>
        ))}
      </ol>
      <p role="status" className="text-[0.8125rem] text-muted-foreground tabular-nums">
        {found.join(", ")}
      </p>
    </div>
  );
}

function StepIcon({ done, now }: { done: boolean; now: boolean }) {
  if (done) return <Check className="size-4 text-success" aria-label="Done" />;
  if (now) return <LoaderCircle className="size-4 animate-spin text-primary" aria-label="Under way" />;
  return <Circle className="size-4 text-input" aria-hidden />;
}
