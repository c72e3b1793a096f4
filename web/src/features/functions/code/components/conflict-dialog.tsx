import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "@/api/client";
import type { Monaco } from "@/components/editor/load";
import { ErrorNote } from "@/components/error-note";
import { QueryView } from "@/components/query-view";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { compareFiles } from "../../versions/compare";
import { Compare } from "../../versions/components/compare";
import { filesQuery } from "../../versions/queries";
import type { Deployment } from "../use-deployment";
import type { Workspace } from "../workspace";

interface ConflictDialogProps {
  fn: Schema<"Function">;
  monaco: Monaco;
  workspace: Workspace;
  deployment: Deployment;
}

/** Somebody deployed another version meanwhile: shows both, and leaves it to the writer which one is to be. */
export function ConflictDialog({ fn, monaco, workspace, deployment }: ConflictDialogProps) {
  const { version, setConflict, saving, error } = deployment;
  const [seeing, setSeeing] = useState(false);
  const active = fn.active_version;
  const theirs = useQuery(filesQuery(fn.id, active));
  const close = () => setConflict(false);
  const take = () => {
    const mine = workspace.files();
    const base = workspace.base();
    if (!theirs.data) return;
    workspace.replace(active, theirs.data.files);
    close();
    toast.done(`The editor shows version ${active}.`, {
      label: "Undo",
      run: () => workspace.replace(version, base, mine),
    });
  };
  return (
    <Dialog
      open
      onOpenChange={close}
      title={`Version ${active} was deployed meanwhile`}
      description={`Your work began with version ${version}. Nothing of it is lost, and nothing is deployed yet.`}
      className={seeing ? "w-[min(72rem,calc(100vw-2rem))]" : undefined}
    >
      {seeing && (
        <QueryView query={theirs} skeleton={<Skeleton className="h-80" />}>
          {({ files }) => <Seen monaco={monaco} theirs={files} workspace={workspace} />}
        </QueryView>
      )}
      <ErrorNote error={error ?? theirs.error} className="mt-3" />
      <DialogActions>
        <Button variant="ghost" onClick={() => setSeeing(!seeing)} aria-expanded={seeing}>
          {seeing ? "Hide the difference" : "See the difference"}
        </Button>
        <Button onClick={take} disabled={!theirs.data}>
          Take theirs
        </Button>
        <Button variant="primary" pending={saving} onClick={() => deployment.deploy(active)}>
          Deploy mine over it
        </Button>
      </DialogActions>
    </Dialog>
  );
}

interface SeenProps {
  monaco: Monaco;
  theirs: Schema<"FunctionFile">[];
  workspace: Workspace;
}

function Seen({ monaco, theirs, workspace }: SeenProps) {
  const [path, setPath] = useState("");
  const [mine] = useState(() => workspace.files());
  return (
    <>
      <p className="mb-1.5 text-[0.8125rem] text-muted-foreground">From theirs to yours:</p>
      <Compare
        className="h-96 rounded-md border"
        monaco={monaco}
        differences={compareFiles(theirs, mine)}
        path={path}
        onPath={setPath}
        sideBySide
      />
    </>
  );
}
