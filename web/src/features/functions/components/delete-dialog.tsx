import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
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
  const deleted = useRef<string>(null);
  const gone = () => {
    deleted.current = fn.id;
    void navigate(fn.project_id ? `/projects/${fn.project_id}` : "/functions", { state: leaveAnyway });
    toast.done(`${fn.name} is deleted`);
  };
  // What is known of it goes with its page, which would otherwise ask for it again until the next one is drawn.
  useEffect(
    () => () => {
      if (deleted.current) client.removeQueries({ queryKey: functionKey(deleted.current) });
    },
    [client],
  );
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
