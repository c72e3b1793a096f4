import { createColumnHelper } from "@tanstack/react-table";
import { useMemo } from "react";
import type { Schema } from "@/api/client";
import { DataTable } from "@/components/data-table";
import { Time } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { AccountMenu, type AccountTask } from "./account-menu";

type Account = Schema<"Account">;
const column = createColumnHelper<Account>();

const columns = (own: string, onTask: (account: Account, task: AccountTask) => void) => [
  column.accessor("name", {
    header: "Name",
    cell: ({ row }) => (
      <>
        <span className="flex min-w-0 items-center gap-2">
          <span className="truncate font-medium">{row.original.name}</span>
          <AccountBadges account={row.original} own={own} />
        </span>
        <span className="block truncate text-[0.8125rem] text-muted-foreground @xl:hidden">{row.original.email}</span>
      </>
    ),
  }),
  column.accessor((account) => account.email ?? "", {
    id: "email",
    header: "E-mail",
    meta: { className: "hidden @xl:block" },
    cell: ({ getValue }) => (
      <span className="text-muted-foreground" title={getValue()}>
        {getValue() || "–"}
      </span>
    ),
  }),
  column.accessor((account) => account.created_at ?? "", {
    id: "created",
    header: "Since",
    meta: { className: "hidden @xl:block" },
    cell: ({ getValue }) =>
      getValue() ? <Time at={getValue()} /> : <span className="text-muted-foreground">The start</span>,
  }),
  column.display({
    id: "actions",
    header: () => <span className="sr-only">Actions</span>,
    meta: { className: "text-right" },
    cell: ({ row }) => <AccountMenu account={row.original} own={own} onTask={(task) => onTask(row.original, task)} />,
  }),
];

function AccountBadges({ account, own }: { account: Account; own: string }) {
  return (
    <>
      {account.id === own && <Badge>You</Badge>}
      {account.admin && <Badge tone="accent">Admin</Badge>}
      {account.status === "disabled" && <Badge tone="warning">Disabled</Badge>}
      {account.external && <Badge className="@max-xl:hidden">External</Badge>}
    </>
  );
}

interface AccountTableProps {
  accounts: Account[];
  /** Id of the account that is signed in. */
  own: string;
  onTask: (account: Account, task: AccountTask) => void;
}

/** The accounts of the server, each with what can be done with it. */
export function AccountTable({ accounts, own, onTask }: AccountTableProps) {
  const made = useMemo(() => columns(own, onTask), [own, onTask]);
  return (
    <DataTable
      label="Accounts"
      rows={accounts}
      columns={made}
      rowKey={(account) => account.id}
      tracks="minmax(12rem,2fr) minmax(8rem,2fr) 8rem 3rem"
      tracksNarrow="1fr 2.5rem"
      rowHeight={52}
      maxHeight="60dvh"
    />
  );
}
