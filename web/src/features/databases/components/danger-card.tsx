import { useState } from "react";
import type { Schema } from "@/api/client";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useDeprovision } from "../queries";

interface DangerCardProps {
  id: string;
  project: Schema<"Project">;
}

/** The end of a database. */
export function DangerCard({ id, project }: DangerCardProps) {
  const [open, setOpen] = useState(false);
  return (
    <Card aria-label="Delete the database" className="border-danger/40">
      <CardHeader title="Delete the database" description="With all that is in it. It does not come back" />
      <CardBody>
        <Button variant="dangerOutline" onClick={() => setOpen(true)}>
          Delete database
        </Button>
      </CardBody>
      {open && <DeleteDialog id={id} project={project} onClose={() => setOpen(false)} />}
    </Card>
  );
}

function DeleteDialog({ id, project, onClose }: DangerCardProps & { onClose: () => void }) {
  const remove = useDeprovision(id);
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete the database of ${project.name}?`}
      action="Delete database"
      typed={project.name}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() =>
        remove.mutate(project.name, { onSuccess: () => toast.done(`Deleted the database of ${project.name}`) })
      }
    >
      All tables and rows go with it, and functions do not find DATABASE_URL from their next call on. This cannot be
      undone.
    </ConfirmDialog>
  );
}
