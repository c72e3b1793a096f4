import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import type { Deployment } from "../use-deployment";

interface NoticesProps {
  fn: Schema<"Function">;
  deployment: Deployment;
  readOnly: boolean;
}

/** What the writer must know, above everything else. */
export function Notices({ fn, deployment, readOnly }: NoticesProps) {
  const { failed, previous, rollBack, version, changed, conflict, setConflict, error } = deployment;
  const stale = changed.size > 0 && version !== fn.active_version && !conflict;
  return (
    <div className="empty:hidden">
      {readOnly && <Notice>You may look at this function and call it; members who edit deploy it.</Notice>}
      {!conflict && <ErrorNote error={error} className="rounded-none border-b" />}
      {failed && (
        <Notice danger>
          <p className="min-w-48 flex-1">
            <span className="font-medium">Version {failed.version} does not load: calls fail now.</span>{" "}
            <span className="wrap-anywhere">{failed.error}</span>
          </p>
          {previous !== undefined && !readOnly && (
            <Button size="small" pending={rollBack.pending} onClick={() => void rollBack.run(previous)}>
              Roll back to version {previous}
            </Button>
          )}
        </Notice>
      )}
      {stale && (
        <Notice>
          <p className="min-w-48 flex-1">
            Version {fn.active_version} is active by now. Your changes began with version {version}.
          </p>
          <Button size="small" onClick={() => setConflict(true)}>
            See what to do
          </Button>
        </Notice>
      )}
    </div>
  );
}

function Notice({ danger, children }: { danger?: boolean; children: ReactNode }) {
  return (
    <div
      role={danger ? "alert" : "status"}
      className={cn(
        "flex flex-wrap items-center gap-x-3 gap-y-1.5 border-b px-3 py-2",
        danger ? "bg-danger-soft text-danger" : "bg-warning-soft text-warning",
      )}
    >
      <TriangleAlert className="size-4 shrink-0" aria-hidden />
      {children}
    </div>
  );
}
