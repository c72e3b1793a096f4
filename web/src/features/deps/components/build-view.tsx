import { Ban, X } from "lucide-react";
import { CopyButton } from "@/components/copy-button";
import { ErrorNote } from "@/components/error-note";
import { QueryView } from "@/components/query-view";
import { Time } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Card, CardBody } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { reasonOf } from "../packages";
import { type Build, useCancelBuild } from "../queries";
import { useBuild } from "../use-build";
import { BuildLog } from "./build-log";
import { BuildStatus, buildTook } from "./build-status";
import { BuildSteps } from "./build-steps";

interface BuildViewProps {
  project: string;
  id: string;
  mayEdit: boolean;
  onClose: (() => void) | undefined;
}

/** One build: its steps, its log, and how it ended. */
export function BuildView({ project, id, mayEdit, onClose }: BuildViewProps) {
  const { query, live, log, progress } = useBuild(project, id);
  return (
    <Card aria-label="Build">
      <QueryView query={query} skeleton={<Skeleton className="m-5 h-80" />}>
        {(build) => (
          <>
            <BuildHeader
              {...{ project, build, onClose, log }}
              status={(live && progress?.status) || build.status}
              mayCancel={mayEdit && live}
            />
            <CardBody className="grid grid-cols-1 gap-3">
              {build.status === "failed" && <Failure reason={reasonOf(build.error, log)} />}
              {build.status === "cancelled" && (
                <p className="text-muted-foreground">It was cancelled. Calls go on with the packages of before.</p>
              )}
              {progress && build.status !== "failed" && build.status !== "cancelled" && (
                <BuildSteps progress={progress} live={live} />
              )}
              <BuildLog text={log} live={live} />
            </CardBody>
          </>
        )}
      </QueryView>
    </Card>
  );
}

function Failure({ reason }: { reason: string }) {
  return (
    <div role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-danger">
      <p className="font-medium wrap-anywhere">{reason}</p>
      <p>Nothing has changed: calls go on with the packages of before.</p>
    </div>
  );
}

interface BuildHeaderProps {
  project: string;
  build: Build;
  /** As far as has been heard: the build itself is as it was when it was asked for. */
  status: Build["status"];
  log: string;
  mayCancel: boolean;
  onClose: (() => void) | undefined;
}

function BuildHeader({ project, build, status, log, mayCancel, onClose }: BuildHeaderProps) {
  const cancel = useCancelBuild(project, build.id);
  return (
    <header className="px-5 pt-4 pb-3">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <h2 className="text-[0.9375rem] font-semibold">Build</h2>
        <BuildStatus status={status} />
        <div className="-my-1 ml-auto flex items-center gap-1">
          {mayCancel && (
            <Button size="small" pending={cancel.isPending} onClick={() => cancel.mutate()}>
              {!cancel.isPending && <Ban />} Cancel build
            </Button>
          )}
          {log && <CopyButton text={log} label="Copy the log" />}
          {onClose && (
            <Button variant="ghost" size="smallIcon" aria-label="Close the build" title="Close" onClick={onClose}>
              <X />
            </Button>
          )}
        </div>
      </div>
      <p className="mt-0.5 text-[0.8125rem] text-muted-foreground">
        {buildTook(build) ? `${buildTook(build)}, ` : "Started "}
        <Time at={build.created_at} />
      </p>
      <ErrorNote error={cancel.error} className="mt-2" />
    </header>
  );
}
