import { useMutation } from "@tanstack/react-query";
import { Navigate, useSearchParams } from "react-router";
import { api, take } from "@/api/client";
import { Entry, EntryCard, EntryFoot } from "./components/entry";
import { type Newcomer, NewcomerForm } from "./components/newcomer-form";
import { useEnter } from "./use-enter";

/** The first start: whoever has the link from the server's log makes the owner's account. */
export function SetupPage() {
  const [params] = useSearchParams();
  const token = params.get("token");
  return (
    <Entry title="Set up virga" next="/">
      {(state) => {
        if (!state.needed) return <Navigate to="/sign-in" replace />;
        return token ? <OwnerForm token={token} /> : <WhereTheLinkIs />;
      }}
    </Entry>
  );
}

function OwnerForm({ token }: { token: string }) {
  const enter = useEnter("/");
  const setup = useMutation({
    mutationFn: (newcomer: Newcomer) => take(api.POST("/api/setup", { body: { ...newcomer, token, cookie: true } })),
    onSuccess: enter,
    gcTime: 0, // the password is in its variables
  });
  return (
    <>
      <EntryCard>
        <NewcomerForm pending={setup.isPending} error={setup.error} onSubmit={setup.mutate} />
      </EntryCard>
      <EntryFoot>
        This is the account of the server's owner. It is an administrator, and all that was made with the owner's key
        belongs to it.
      </EntryFoot>
    </>
  );
}

function WhereTheLinkIs() {
  return (
    <EntryCard>
      <h2 className="font-semibold">This server waits for its first account</h2>
      <p className="mt-1 text-muted-foreground">
        It has printed a link into its log when it started. Open that link here to make the account:
      </p>
      <Line>set up the first account: {location.origin}/setup?token=…</Line>
      <p className="mt-4 text-muted-foreground">Or use the link on the command line:</p>
      <Line>virga setup 'LINK'</Line>
      <p className="mt-4 text-muted-foreground">
        A link is good until the server ends. After a restart, take the new one.
      </p>
    </EntryCard>
  );
}

function Line({ children }: { children: React.ReactNode }) {
  return (
    <code className="mt-2 block rounded-md bg-muted px-3 py-2 font-mono text-[0.8125rem] wrap-anywhere">
      {children}
    </code>
  );
}
