import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Users } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Schema } from "@/api/client";
import { accountQuery } from "@/api/queries";
import { Empty } from "@/components/empty";
import { QueryView } from "@/components/query-view";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { SkeletonRows } from "@/components/ui/skeleton";
import { choiceParam, textParam, useSearch } from "@/lib/search";
import { AccountDialog } from "./components/account-dialogs";
import type { AccountTask } from "./components/account-menu";
import { AccountTable } from "./components/account-table";
import { AdminOnly } from "./components/admin-only";
import { InviteDialog } from "./components/invite-dialog";
import { Invites } from "./components/invites";
import { TabHead } from "./components/tab-head";
import { accountsQuery, rowsOf } from "./queries";

type Account = Schema<"Account">;

const search = { find: textParam(), dialog: choiceParam("", "invite") };

/** Everybody who has an account here, and who is invited. */
export function AccountsPage() {
  return (
    <AdminOnly>
      <Accounts />
    </AdminOnly>
  );
}

function Accounts() {
  const [{ find, dialog }, change] = useSearch(search);
  return (
    <>
      <TabHead
        title="Accounts"
        description="Everybody who can sign in to this server."
        actions={
          <Input
            type="search"
            aria-label="Find an account"
            placeholder="Find by name or e-mail"
            className="w-full sm:w-64"
            value={find}
            onChange={(event) => change({ find: event.target.value })}
          />
        }
      />
      <AccountList find={find.trim().toLowerCase()} onForget={() => change({ find: "" })} />
      <Invites onInvite={() => change({ dialog: "invite" })} />
      {dialog === "invite" && <InviteDialog onClose={() => change({ dialog: "" })} />}
    </>
  );
}

function matches({ name, email }: Account, find: string): boolean {
  return name.toLowerCase().includes(find) || (email ?? "").toLowerCase().includes(find);
}

/** A thousand come at a time; the others follow by themselves, since what is sought or sorted to the top may be among them. */
function useAllAccounts() {
  const query = useInfiniteQuery({ ...accountsQuery(), select: rowsOf });
  const { hasNextPage, isFetching, isError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  return query;
}

function AccountList({ find, onForget }: { find: string; onForget: () => void }) {
  const { data: own } = useSuspenseQuery(accountQuery());
  const query = useAllAccounts();
  const [open, setOpen] = useState<[Account, AccountTask]>();
  const onTask = useCallback((account: Account, task: AccountTask) => setOpen([account, task]), []);
  const found = useMemo(() => query.data?.filter((account) => matches(account, find)), [query.data, find]);
  return (
    <>
      <QueryView
        query={query}
        isEmpty={() => found?.length === 0}
        skeleton={<SkeletonRows rows={2} className="h-12" />}
        empty={
          query.hasNextPage ? (
            <p role="status" className="text-muted-foreground">
              Looking through the other accounts
            </p>
          ) : (
            <Empty icon={Users} title="No account fits" action={<Button onClick={onForget}>Show all accounts</Button>}>
              No name and no e-mail address has “{find}” in it.
            </Empty>
          )
        }
      >
        {(all) => <AccountTable accounts={found ?? all} own={own.id} onTask={onTask} />}
      </QueryView>
      {open && <AccountDialog account={open[0]} task={open[1]} onClose={() => setOpen(undefined)} />}
    </>
  );
}
