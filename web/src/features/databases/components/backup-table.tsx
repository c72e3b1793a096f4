import { Download, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { isAtLeast } from "@/api/use-project";
import { Cell, Row, Rows } from "@/components/rows";
import { Time } from "@/components/time";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { absoluteTime, bytes } from "@/lib/format";
import { backupUrl, useRemoveBackup, useRestore } from "../queries";

type Backup = Schema<"DatabaseBackup">;

interface BackupTableProps {
  id: string;
  project: Schema<"Project">;
  backups: Backup[];
}

/** Backups, and what can be done with each. */
export function BackupTable({ id, project, backups }: BackupTableProps) {
  const [asked, setAsked] = useState<{ what: "restore" | "remove"; backup: Backup }>();
  const close = () => setAsked(undefined);
  return (
    <>
      <Rows
        label="Backups"
        head={["Made", "Size", ["Actions", "sr-only"]]}
        tracks="minmax(0,1fr) 8rem 17rem"
        tracksNarrow="minmax(0,1fr) auto"
      >
        {backups.map((backup) => (
          <Row key={backup.id}>
            <Cell>
              {absoluteTime(backup.created_at)}
              <span className="ml-2 text-muted-foreground">
                <Time at={backup.created_at} />
              </span>
            </Cell>
            <Cell className="tabular-nums">{bytes(backup.bytes)}</Cell>
            <Cell className="flex items-center justify-end gap-1 @max-2xl:col-span-full @max-2xl:justify-start">
              <Actions project={project} backup={backup} onAsk={(what) => setAsked({ what, backup })} />
            </Cell>
          </Row>
        ))}
      </Rows>
      {asked?.what === "restore" && <RestoreDialog id={id} project={project} backup={asked.backup} onClose={close} />}
      {asked?.what === "remove" && <RemoveDialog id={id} backup={asked.backup} onClose={close} />}
    </>
  );
}

interface ActionsProps {
  project: Schema<"Project">;
  backup: Backup;
  onAsk: (what: "restore" | "remove") => void;
}

function Actions({ project, backup, onAsk }: ActionsProps) {
  const made = absoluteTime(backup.created_at);
  const isOwner = project.role === "owner";
  return (
    <>
      {isOwner && (
        <>
          <Button asChild size="small">
            <a href={backupUrl(project.id, backup.id)} download aria-label={`Download the backup of ${made}`}>
              <Download aria-hidden /> Download
            </a>
          </Button>
          <Button size="small" aria-label={`Restore the backup of ${made}`} onClick={() => onAsk("restore")}>
            <RotateCcw /> Restore
          </Button>
        </>
      )}
      {isAtLeast(project.role, "editor") && (
        <Button
          variant="ghost"
          size="smallIcon"
          aria-label={`Delete the backup of ${made}`}
          title="Delete"
          onClick={() => onAsk("remove")}
        >
          <Trash2 />
        </Button>
      )}
    </>
  );
}

interface AskProps {
  id: string;
  backup: Backup;
  onClose: () => void;
}

function RestoreDialog({ id, project, backup, onClose }: AskProps & { project: Schema<"Project"> }) {
  const restore = useRestore(id);
  const done = () => {
    onClose();
    toast.done("The database is as it was in the backup");
  };
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title="Restore this backup?"
      action="Restore backup"
      typed={project.name}
      pending={restore.isPending}
      error={restore.error}
      onConfirm={() => restore.mutate({ backup: backup.id, name: project.name }, { onSuccess: done })}
    >
      The database becomes what it was at {absoluteTime(backup.created_at)}. What was written since is lost: make a
      backup of now first if it may be of use.
    </ConfirmDialog>
  );
}

function RemoveDialog({ id, backup, onClose }: AskProps) {
  const remove = useRemoveBackup(id);
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title="Delete this backup?"
      action="Delete backup"
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate(backup.id, { onSuccess: onClose })}
    >
      The backup of {absoluteTime(backup.created_at)} does not come back. The database itself stays as it is.
    </ConfirmDialog>
  );
}
