import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, take } from "@/api/client";
import { fieldError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import { invitesKey } from "../queries";
import { expiryTime } from "../scopes";
import { SecretOnce } from "./secret-once";

function useInvite() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ email, days }: { email: string; days: number }) =>
      take(api.POST("/api/invites", { body: { email: email || null, expires_at: expiryTime(days) ?? undefined } })),
    onSuccess: () => client.invalidateQueries({ queryKey: invitesKey }),
    gcTime: 0, // the invitation is in its data
  });
}

/** Makes an invitation, and shows its link the only time that it can be seen. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const invite = useInvite();
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={invite.data ? "The invitation" : "Invite somebody"}
      description={invite.data ? undefined : "You get a link to pass on: the server sends no mail."}
    >
      {invite.data ? (
        <>
          <SecretOnce
            label="Link"
            secret={new URL(invite.data.url, location.origin).href}
            warning={`Pass it on to ${invite.data.email ?? "whom you want to invite"}. It is shown only this once.`}
          />
          <DialogActions>
            <Button variant="primary" onClick={onClose}>
              I have copied it
            </Button>
          </DialogActions>
        </>
      ) : (
        <InviteForm pending={invite.isPending} error={invite.error} onSubmit={invite.mutate} onCancel={onClose} />
      )}
    </Dialog>
  );
}

interface InviteFormProps {
  pending: boolean;
  error: unknown;
  onSubmit: (invite: { email: string; days: number }) => void;
  onCancel: () => void;
}

function InviteForm({ pending, error, onSubmit, onCancel }: InviteFormProps) {
  const [email, setEmail] = useState("");
  const [days, setDays] = useState(7);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!pending) onSubmit({ email, days });
  };
  return (
    <form onSubmit={submit}>
      <div className="grid gap-4">
        <Field
          label={
            <>
              E-mail <span className="font-normal text-muted-foreground">(optional)</span>
            </>
          }
          hint="The account gets this address. Without one, anybody can use the link."
          error={fieldError(error, "email")}
        >
          {(control) => (
            <Input {...control} type="email" value={email} onChange={(event) => setEmail(event.target.value)} />
          )}
        </Field>
        <Field label="Good for" error={fieldError(error, "expires_at")}>
          {(control) => (
            <Select {...control} value={days} onChange={(event) => setDays(Number(event.target.value))}>
              <option value={1}>A day</option>
              <option value={7}>7 days</option>
              <option value={30}>30 days</option>
            </Select>
          )}
        </Field>
        <ErrorNote error={error} shown={["email", "expires_at"]} />
      </div>
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" variant="primary" pending={pending}>
          Make the invitation
        </Button>
      </DialogActions>
    </form>
  );
}
