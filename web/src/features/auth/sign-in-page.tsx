import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { Link, Navigate, useSearchParams } from "react-router";
import { api, type Schema, take } from "@/api/client";
import { fieldError } from "@/api/error";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Entry, EntryCard, EntryFoot } from "./components/entry";
import { PasswordInput } from "./components/password-input";
import { SignInError } from "./components/wait-note";
import { safeNext } from "./next";
import { useEnter } from "./use-enter";

/** Name or e-mail and password; then on to the page that was asked for. */
export function SignInPage() {
  const [params] = useSearchParams();
  const next = safeNext(params.get("next"));
  return (
    <Entry title="Sign in to virga" next={next}>
      {(state) => {
        if (state.needed) return <Navigate to="/setup" replace />;
        return (
          <>
            <EntryCard>
              <SignInForm next={next} />
            </EntryCard>
            <OtherWays state={state} />
          </>
        );
      }}
    </Entry>
  );
}

function useSignIn(next: string) {
  const enter = useEnter(next);
  return useMutation({
    mutationFn: (body: { login: string; password: string }) =>
      take(api.POST("/api/login", { body: { ...body, cookie: true } })),
    onSuccess: enter,
    gcTime: 0, // the password is in its variables
  });
}

function SignInForm({ next }: { next: string }) {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const passwordField = useRef<HTMLInputElement>(null);
  const signIn = useSignIn(next);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!signIn.isPending) signIn.mutate({ login, password }, { onError: () => passwordField.current?.select() });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field label="Name or e-mail" error={fieldError(signIn.error, "login")}>
        {(control) => (
          <Input
            {...control}
            autoFocus
            required
            autoComplete="username"
            autoCapitalize="none"
            value={login}
            onChange={(event) => setLogin(event.target.value)}
          />
        )}
      </Field>
      <Field label="Password" error={fieldError(signIn.error, "password")}>
        {(control) => (
          <PasswordInput
            {...control}
            ref={passwordField}
            required
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
      <SignInError error={signIn.error} at={signIn.submittedAt} />
      <Button type="submit" variant="primary" pending={signIn.isPending}>
        Sign in
      </Button>
    </form>
  );
}

function OtherWays({ state }: { state: Schema<"SetupState"> }) {
  return (
    <>
      {state.registration === "open" && (
        <EntryFoot>
          You have no account?{" "}
          <Link to="/sign-up" className="font-medium text-primary hover:underline">
            Create one
          </Link>
        </EntryFoot>
      )}
      {state.registration === "invite" && (
        <EntryFoot>New accounts are by invitation: open the link that you got from an administrator.</EntryFoot>
      )}
      {state.issuer && (
        <EntryFoot>
          Programs may also come with a token of <span className="text-foreground wrap-anywhere">{state.issuer}</span>.
        </EntryFoot>
      )}
    </>
  );
}
