import { useState } from "react";
import { useNavigate } from "react-router";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { plural } from "@/lib/format";
import { useDeleteProject } from "../queries";
import type { SettingsCardProps } from "./general-card";

/** The end of a project. */
export function DangerCard({ id, project }: SettingsCardProps) {
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const remove = useDeleteProject(id);
  const gone = () => {
    navigate("/projects");
    toast.done(`Deleted ${project.name}`);
  };
  return (
    <Card className="border-danger/40 pb-1">
      <CardHeader
        title="Delete this project"
        description="With all that is in it: functions and their versions, routes, variables, domains and logs."
        actions={
          <Button variant="dangerOutline" onClick={() => setOpen(true)}>
            Delete project
          </Button>
        }
      />
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={`Delete ${project.name}?`}
        action="Delete project"
        typed={project.name}
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate(undefined, { onSuccess: gone })}
      >
        {plural(project.function_count, "function")}, all routes, variables, domains and logs go with it. Calls fail at
        once. This cannot be undone.
      </ConfirmDialog>
    </Card>
  );
}
