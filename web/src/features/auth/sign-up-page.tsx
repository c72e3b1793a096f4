import { useMutation } from "@tanstack/react-query";
import { DoorClosed, type LucideIcon, Ticket } from "lucide-react";
import type { ReactNode } from "react";
import { Link, Navigate, useSearchParams } from "react-router";
import { api, take } from "@/api/client";
import { Entry, EntryCard, EntryFoot } from "./components/entry";
import { type Newcomer, NewcomerForm } from "./components/newcomer-form";
import { useEnter } from "./use-enter";

/** A new account: for everybody, for whoever is invited, or for nobody, as the server is set. */
export function SignUpPage() {
  const [params] = useSearchParams();
  const invite = params.get("invite");
  return (
    <Entry title="Create an account" next="/">
      {(state) => {
        if (state.needed) return <Navigate to="/setup" replace />;
        return (
          <>
            <EntryCard>
              {state.registration === "closed" ? (
                <Closed />
              ) : state.registration === "open" || invite ? (
                <SignUpForm invite={invite} />
              ) : (
                <ByInvitation />
              )}
            </EntryCard>
            <EntryFoot>
              You have an account?{" "}
              <Link to="/sign-in" className="font-medium text-primary hover:underline">
                Sign in
              </Link>
            </EntryFoot>
          </>
        );
      }}
    </Entry>
  );
}

function SignUpForm({ invite }: { invite: string | null }) {
  const enter = useEnter("/");
  const register = useMutation({
    mutationFn: (newcomer: Newcomer) =>
      take(api.POST("/api/register", { body: { ...newcomer, ...(invite && { invite }), cookie: true } })),
    onSuccess: enter,
    gcTime: 0, // the password is in its variables
  });
  return <NewcomerForm pending={register.isPending} error={register.error} onSubmit={register.mutate} />;
}

function Closed() {
  return (
    <Refusal icon={DoorClosed} title="This server takes no new accounts">
      Ask an administrator of this server, who can let people sign up.
    </Refusal>
  );
}

function ByInvitation() {
  return (
    <Refusal icon={Ticket} title="Accounts are by invitation">
      Ask an administrator of this server for an invitation, and open the link that you get.
    </Refusal>
  );
}

function Refusal({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children: ReactNode }) {
  return (
    <div className="flex flex-col items-center text-center">
      <Icon className="mb-3 size-8 text-muted-foreground" strokeWidth={1.5} aria-hidden />
      <h2 className="font-semibold">{title}</h2>
      <p className="mt-1 text-balance text-muted-foreground">{children}</p>
    </div>
  );
}
