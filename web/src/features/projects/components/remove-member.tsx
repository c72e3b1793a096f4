import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import type { Schema } from "@/api/client";
import { projectsKey } from "@/api/queries";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useRemoveMember } from "../queries";

interface RemoveMemberProps {
  project: string;
  member: Schema<"Member">;
  /** It is the account itself that goes. */
  leaving: boolean;
  onClose: () => void;
}

export function RemoveMember({ project, member, leaving, onClose }: RemoveMemberProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useRemoveMember(project, leaving);
  const done = () => {
    onClose();
    if (!leaving) return;
    navigate("/projects");
    void client.invalidateQueries({ queryKey: [...projectsKey, "list"] });
  };
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={leaving ? "Leave this project?" : `Remove ${member.name}?`}
      action={leaving ? "Leave project" : "Remove member"}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate(member.account_id, { onSuccess: done })}
    >
      {leaving
        ? "You do not see the project any more, until an owner adds you again."
        : `${member.name} does not see the project any more. What they made in it stays.`}
    </ConfirmDialog>
  );
}
