import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type Schema, take } from "@/api/client";
import { fieldError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { sessionsKey } from "../queries";
import { PasswordInput } from "./password-input";

function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schema<"PasswordChange">) => take(api.PUT("/api/account/password", { body })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: sessionsKey });
      toast.done("Password changed. Your other sessions have ended.");
    },
    gcTime: 0, // the passwords are in its variables
  });
}

export function PasswordForm({ account }: { account: Schema<"OwnAccount"> }) {
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const change = useChangePassword();
  const done = () => {
    setOld("");
    setNext("");
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!change.isPending) change.mutate({ old, new: next }, { onSuccess: done });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      {/* Password managers learn from it whose password changes. */}
      <input type="text" autoComplete="username" value={account.name} readOnly hidden />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Current password" error={fieldError(change.error, "old")}>
          {(control) => (
            <PasswordInput
              {...control}
              required
              autoComplete="current-password"
              value={old}
              onChange={(event) => setOld(event.target.value)}
            />
          )}
        </Field>
        <Field label="New password" hint="At least 8 characters." error={fieldError(change.error, "new")}>
          {(control) => (
            <PasswordInput
              {...control}
              required
              autoComplete="new-password"
              value={next}
              onChange={(event) => setNext(event.target.value)}
            />
          )}
        </Field>
      </div>
      <ErrorNote error={change.error} shown={["old", "new"]} />
      <Button type="submit" className="justify-self-start" disabled={!old || !next} pending={change.isPending}>
        Change the password
      </Button>
    </form>
  );
}
