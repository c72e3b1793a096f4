import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { accountsKey } from "../queries";
import { useChangeAccount } from "../use-change-account";
import type { AccountTask } from "./account-menu";
import { QuotaDialog } from "./quota-dialog";
import { SecretOnce } from "./secret-once";

interface AccountDialogProps {
  account: Schema<"Account">;
  onClose: () => void;
}

/** The dialog for something that an administrator wants to do. */
export function AccountDialog({ task, ...props }: AccountDialogProps & { task: AccountTask }) {
  switch (task) {
    case "quotas":
      return <QuotaDialog {...props} />;
    case "password":
      return <PasswordDialog {...props} />;
    case "admin":
      return <AdminDialog {...props} />;
    case "status":
      return <StatusDialog {...props} />;
    case "delete":
      return <DeleteDialog {...props} />;
  }
}

function AdminDialog({ account, onClose }: AccountDialogProps) {
  const change = useChangeAccount(account);
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={account.admin ? `${account.name}: administrator no more` : `Make ${account.name} an administrator`}
      action={account.admin ? "Take the right" : "Make an administrator"}
      tone={account.admin ? "danger" : "primary"}
      pending={change.isPending}
      error={change.error}
      onConfirm={() => change.mutate({ admin: !account.admin }, { onSuccess: onClose })}
    >
      {account.admin
        ? "The account keeps what it owns, and sees accounts, invitations and the audit log no more."
        : "Administrators manage all accounts and see the audit log. It opens them no project of others."}
    </ConfirmDialog>
  );
}

function StatusDialog({ account, onClose }: AccountDialogProps) {
  const change = useChangeAccount(account);
  const active = account.status === "active";
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={active ? `Disable ${account.name}` : `Enable ${account.name}`}
      action={active ? "Disable the account" : "Enable the account"}
      tone={active ? "danger" : "primary"}
      pending={change.isPending}
      error={change.error}
      onConfirm={() => change.mutate({ status: active ? "disabled" : "active" }, { onSuccess: onClose })}
    >
      {active
        ? "It cannot sign in, and its sessions and keys are refused, until you enable it again."
        : "It can sign in again, and its keys work again."}
    </ConfirmDialog>
  );
}

function DeleteDialog({ account, onClose }: AccountDialogProps) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => take(api.DELETE("/api/accounts/{account}", { params: { path: { account: account.id } } })),
    onSuccess: () => {
      toast.done(`${account.name} is deleted`);
      onClose();
      return client.invalidateQueries({ queryKey: accountsKey });
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete ${account.name}`}
      action="Delete the account"
      typed={account.name}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
    >
      The account goes with its functions that are in no project, its keys and its sessions. Projects stay with their
      other owners. This cannot be undone.
    </ConfirmDialog>
  );
}

function PasswordDialog({ account, onClose }: AccountDialogProps) {
  const reset = useMutation({
    mutationFn: () =>
      take(api.POST("/api/accounts/{account}/password-reset", { params: { path: { account: account.id } } })),
    gcTime: 0, // the password is in its data
  });
  const title = `Reset the password of ${account.name}`;
  if (reset.data)
    return (
      <Dialog open onOpenChange={onClose} title={title}>
        <SecretOnce
          label="Temporary password"
          secret={reset.data.password}
          warning={`It is shown only this once. Give it to ${account.name}, who should change it after signing in.`}
        />
        <DialogActions>
          <Button variant="primary" onClick={onClose}>
            I have copied it
          </Button>
        </DialogActions>
      </Dialog>
    );
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={title}
      action="Reset the password"
      pending={reset.isPending}
      error={reset.error}
      onConfirm={() => reset.mutate()}
    >
      The password now stops working and all sessions of {account.name} end. You get a temporary one to pass on.
    </ConfirmDialog>
  );
}
