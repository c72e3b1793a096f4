import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "@/api/client";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "./password-input";
import { Section } from "./section";

/** The owner's account is always there: so is somebody who can let others in. */
export function DeleteAccount({ account }: { account: Schema<"OwnAccount"> }) {
  const [asking, setAsking] = useState(false);
  if (account.id === "owner")
    return (
      <Section
        title="Delete the account"
        description="This is the account of the server's owner, which cannot be deleted."
      />
    );
  return (
    <>
      <Section
        title="Delete the account"
        description="Its functions, keys and sessions end with it. This cannot be undone."
        actions={
          <Button variant="dangerOutline" onClick={() => setAsking(true)}>
            Delete my account
          </Button>
        }
      />
      {asking && <DeleteDialog account={account} onClose={() => setAsking(false)} />}
    </>
  );
}

function DeleteDialog({ account, onClose }: { account: Schema<"OwnAccount">; onClose: () => void }) {
  const [password, setPassword] = useState("");
  const remove = useMutation({
    mutationFn: () => take(api.DELETE("/api/account", { body: { password } })),
    onSuccess: () => location.assign("/sign-in"),
    gcTime: 0,
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title="Delete your account"
      action="Delete my account"
      typed={account.name}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
    >
      <p>
        Your account goes with all functions that are in no project, and with its keys. Projects that have other owners
        stay with them. This cannot be undone.
      </p>
      <Field label="Password" className="mt-4 text-foreground">
        {(control) => (
          <PasswordInput
            {...control}
            required
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
    </ConfirmDialog>
  );
}
