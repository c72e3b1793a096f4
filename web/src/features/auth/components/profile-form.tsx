import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type Schema, take } from "@/api/client";
import { fieldError } from "@/api/error";
import { accountKey } from "@/api/queries";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { accountsKey } from "../queries";

function useChangeProfile() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schema<"AccountChange">) => take(api.PUT("/api/account", { body })),
    onSuccess: (account) => {
      client.setQueryData(accountKey, account);
      void client.invalidateQueries({ queryKey: accountsKey });
      toast.done("Profile saved");
    },
  });
}

export function ProfileForm({ account }: { account: Schema<"OwnAccount"> }) {
  const [name, setName] = useState(account.name);
  const [email, setEmail] = useState(account.email ?? "");
  const change = useChangeProfile();
  const same = name === account.name && email === (account.email ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!same && !change.isPending) change.mutate({ name, email: email || null });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" error={fieldError(change.error, "name")}>
          {(control) => (
            <Input
              {...control}
              required
              autoComplete="username"
              autoCapitalize="none"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="E-mail" error={fieldError(change.error, "email")}>
          {(control) => (
            <Input
              {...control}
              type="email"
              autoComplete="email"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          )}
        </Field>
      </div>
      <ErrorNote error={change.error} shown={["name", "email"]} />
      <Button type="submit" variant="primary" className="justify-self-start" disabled={same} pending={change.isPending}>
        Save the profile
      </Button>
    </form>
  );
}
