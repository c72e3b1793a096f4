import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Navigate } from "react-router";
import type { Schema } from "@/api/client";
import { ApiError } from "@/api/error";
import { accountQuery, setupQuery } from "@/api/queries";
import { QueryView } from "@/components/query-view";
import { useTitle } from "@/lib/title";

interface EntryProps {
  title: string;
  /** Where somebody goes who is signed in already. */
  next: string;
  /** Gets what the server says about who may come in. */
  children: (state: Schema<"SetupState">) => ReactNode;
}

/** The frame of the pages for those who are not signed in. */
export function Entry({ title, next, children }: EntryProps) {
  useTitle(title);
  // What has just sent somebody here has asked already.
  const account = useQuery({ ...accountQuery(), retryOnMount: false });
  const setup = useQuery(setupQuery());
  // Of a session that has ended the account is still known.
  const ended = account.error instanceof ApiError && account.error.status === 401;
  if (account.data && !ended) return <Navigate to={next} replace />;
  // Once only: when it is asked for again, the form and what is typed in it stay.
  const known = account.isFetched;
  return (
    <main className="flex min-h-dvh flex-col items-center px-4 pt-[max(2.5rem,14vh)] pb-10">
      <img src="/favicon.svg" alt="" className="size-11" width={44} height={44} />
      <h1 className="mt-4 text-center text-xl font-semibold tracking-tight">{title}</h1>
      <div className="mt-6 grid w-full max-w-sm gap-5">
        <QueryView query={{ ...setup, data: known ? setup.data : undefined }} skeleton={<div className="h-72" />}>
          {children}
        </QueryView>
      </div>
    </main>
  );
}

/** The form of an entry page, or what stands in its place. */
export function EntryCard({ children }: { children: ReactNode }) {
  return <section className="rounded-xl border bg-card p-5 shadow-xs sm:p-6">{children}</section>;
}

/** A line below the card: where else to go. */
export function EntryFoot({ children }: { children: ReactNode }) {
  return <p className="text-center text-balance text-muted-foreground">{children}</p>;
}
