import { Fragment } from "react";
import { cn } from "@/lib/cn";

/** A route's path, with what varies in colour: `:id` is one segment, `*rest` all that is left. */
export function PathText({ path, className }: { path: string; className?: string }) {
  const segments = path.split("/").slice(1);
  return (
    <span className={cn("font-mono text-[0.8125rem] wrap-anywhere", className)}>
      {segments.map((segment, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: segments have no other identity than their place
        <Fragment key={at}>
          <span className="text-muted-foreground">/</span>
          <span className={look(segment)}>{segment}</span>
        </Fragment>
      ))}
    </span>
  );
}

function look(segment: string): string {
  if (segment.startsWith(":")) return "font-medium text-primary";
  if (segment.startsWith("*")) return "font-medium text-warning";
  return "";
}
