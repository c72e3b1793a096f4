import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import type { Schema } from "@/api/client";
import { functionKey } from "@/api/queries";
import { leaveAnyway } from "@/components/leave-guard";
import { toast } from "@/components/toaster";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useDeleteFunction } from "../queries";

interface DeleteDialogProps {
  fn: Schema<"Function">;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Deletes a function, and leaves for the list it stood in. */
export function DeleteDialog({ fn, open, onOpenChange }: DeleteDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useDeleteFunction(fn.id);
  const gone = async () => {
    await navigate(fn.project_id ? `/projects/${fn.project_id}` : "/functions", { state: leaveAnyway });
    client.removeQueries({ queryKey: functionKey(fn.id) }); // only now: its page would ask for it again
    toast.done(`${fn.name} is deleted`);
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Delete ${fn.name}`}
      action="Delete function"
      typed={fn.name}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate(undefined, { onSuccess: gone })}
    >
      All its versions, saved inputs, call records and numbers are gone with it, and so are the routes that lead to it.
      This cannot be undone.
    </ConfirmDialog>
  );
}
