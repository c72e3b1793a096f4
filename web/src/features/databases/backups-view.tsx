import { useQuery } from "@tanstack/react-query";
import { Archive } from "lucide-react";
import type { Schema } from "@/api/client";
import { isAtLeast } from "@/api/use-project";
import { Empty } from "@/components/empty";
import { ErrorNote } from "@/components/error-note";
import { QueryView } from "@/components/query-view";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { BackupTable } from "./components/backup-table";
import { backupsQuery, useBackUp } from "./queries";

/** Copies of the database, kept on the server. */
export function BackupsView({ id, project }: { id: string; project: Schema<"Project"> }) {
  const backups = useQuery(backupsQuery(id));
  const make = useBackUp(id);
  const button = isAtLeast(project.role, "editor") && (
    <Button
      variant="primary"
      pending={make.isPending}
      onClick={() => make.mutate(undefined, { onSuccess: () => toast.done("The backup is complete") })}
    >
      {!make.isPending && <Archive />} {make.isPending ? "Making a backup" : "Make a backup"}
    </Button>
  );
  return (
    <div className="grid gap-4">
      <ErrorNote error={make.error} />
      <QueryView
        query={backups}
        empty={
          <Empty icon={Archive} title="No backups yet" action={button}>
            A backup is the whole database at one moment, in a file that pg_restore reads. The newest 10 are kept.
          </Empty>
        }
      >
        {(list) => (
          <>
            <div className="flex flex-wrap items-center justify-between gap-3">
              <p className="text-muted-foreground">
                Each is the whole database at one moment, in a file that pg_restore reads. The newest 10 are kept.
              </p>
              {button}
            </div>
            <BackupTable id={id} project={project} backups={list} />
          </>
        )}
      </QueryView>
    </div>
  );
}
