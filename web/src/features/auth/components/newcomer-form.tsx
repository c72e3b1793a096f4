import { type FormEvent, useState } from "react";
import { fieldError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "./password-input";

export interface Newcomer {
  name: string;
  email: string | null;
  password: string;
}

interface NewcomerFormProps {
  pending: boolean;
  error: unknown;
  onSubmit: (newcomer: Newcomer) => void;
}

/** Makes an account: of the owner, or of somebody who signs up. */
export function NewcomerForm({ pending, error, onSubmit }: NewcomerFormProps) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const refused = fieldError(error, "password");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!pending) onSubmit({ name, email: email || null, password });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field label="Name" error={fieldError(error, "name")}>
        {(control) => (
          <Input
            {...control}
            autoFocus
            required
            autoComplete="username"
            autoCapitalize="none"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field
        label={
          <>
            E-mail <span className="font-normal text-muted-foreground">(optional)</span>
          </>
        }
        error={fieldError(error, "email")}
      >
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
      <Field label="Password" hint={refused ? undefined : "At least 8 characters."} error={refused}>
        {(control) => (
          <PasswordInput
            {...control}
            required
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
      <ErrorNote error={error} shown={["name", "email", "password"]} />
      <Button type="submit" variant="primary" pending={pending}>
        Create the account
      </Button>
    </form>
  );
}
