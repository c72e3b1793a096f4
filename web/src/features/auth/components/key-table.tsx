import { createColumnHelper } from "@tanstack/react-table";
import { useMemo } from "react";
import type { Schema } from "@/api/client";
import { DataTable } from "@/components/data-table";
import { Time } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { scopesText } from "../scopes";

type Key = Schema<"Key">;
const column = createColumnHelper<Key>();

const columns = (onRevoke: (key: Key) => void) => [
  column.accessor("name", {
    header: "Name",
    cell: ({ row }) => (
      <span className="grid">
        <span className="truncate font-medium" title={row.original.name}>
          {row.original.name}
        </span>
        <span className="truncate font-mono text-xs text-muted-foreground">{row.original.hint}…</span>
      </span>
    ),
  }),
  column.accessor((key) => scopesText(key.scopes), {
    id: "scopes",
    header: "Scopes",
    meta: { className: "hidden @xl:block" },
    cell: ({ row, getValue }) => (
      <span className="text-muted-foreground" title={row.original.scopes.join(", ")}>
        {getValue()}
      </span>
    ),
  }),
  column.accessor("expires_at", { header: "Ends", cell: ({ getValue }) => <End at={getValue()} /> }),
  column.accessor("last_used_at", {
    header: "Last used",
    meta: { className: "hidden @xl:block" },
    cell: ({ getValue }) => {
      const at = getValue();
      return at ? <Time at={at} /> : <span className="text-muted-foreground">Never</span>;
    },
  }),
  column.display({
    id: "actions",
    header: () => <span className="sr-only">Actions</span>,
    meta: { className: "text-right" },
    cell: ({ row }) => (
      <Button
        size="small"
        variant="dangerOutline"
        aria-label={`Revoke ${row.original.name}`}
        onClick={() => onRevoke(row.original)}
      >
        Revoke
      </Button>
    ),
  }),
];

function End({ at }: { at: string | null }) {
  if (!at) return <span className="text-muted-foreground">Never</span>;
  if (new Date(at).getTime() < Date.now()) return <Badge tone="warning">Ended</Badge>;
  return <Time at={at} />;
}

/** The keys of the account. */
export function KeyTable({ keys, onRevoke }: { keys: Key[]; onRevoke: (key: Key) => void }) {
  const made = useMemo(() => columns(onRevoke), [onRevoke]);
  return (
    <DataTable
      label="API keys"
      rows={keys}
      columns={made}
      rowKey={(key) => key.id}
      rowHeight={56}
      tracks="minmax(6rem,2fr) minmax(6rem,2fr) 5.5rem 6rem 5.5rem"
      tracksNarrow="minmax(5rem,1fr) 4.5rem 4.5rem"
    />
  );
}
