import { ChevronRight, KeyRound, SquareTerminal, Table2 } from "lucide-react";
import { useState } from "react";
import { SearchInput } from "@/components/search-input";
import { cn } from "@/lib/cn";
import { count, plural } from "@/lib/format";
import type { Table } from "../queries";

interface TableTreeProps {
  tables: Table[];
  schema: string;
  table: string;
  /** Absent for whoever sees no rows. */
  onSelect: ((table: { schema: string; table: string }) => void) | undefined;
}

/** The tables of the database; each opens to its columns, and its name leads to its rows. */
export function TableTree({ tables, schema, table, onSelect }: TableTreeProps) {
  const [text, setText] = useState("");
  const found = tables.filter((each) => fullName(each).toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <nav aria-label="Tables" className="min-w-0 overflow-hidden rounded-lg border bg-card">
      {onSelect && (
        <button
          type="button"
          aria-current={table === "" || undefined}
          onClick={() => onSelect({ schema: "public", table: "" })}
          className={cn(
            "flex h-10 w-full items-center gap-2 border-b px-3 font-medium hover:bg-muted/60 focus-visible:outline-offset-[-2px]",
            table === "" && "bg-accent text-accent-foreground",
          )}
        >
          <SquareTerminal className="size-4" aria-hidden /> Run SQL
        </button>
      )}
      {tables.length > 8 && (
        <div className="p-2">
          <SearchInput label="Search tables by name" placeholder="Search tables" value={text} onChange={setText} />
        </div>
      )}
      <ul className="max-h-[min(34rem,60dvh)] overflow-y-auto p-1.5 max-lg:max-h-52">
        {found.map((each) => (
          <TableItem
            key={fullName(each)}
            table={each}
            current={each.schema === schema && each.name === table}
            onSelect={onSelect && (() => onSelect({ schema: each.schema, table: each.name }))}
          />
        ))}
        {found.length === 0 && (
          <li className="px-2 py-1.5 text-[0.8125rem] text-muted-foreground">
            {text ? "No table has this in its name." : "No tables yet."}
          </li>
        )}
      </ul>
    </nav>
  );
}

/** Those of the usual schema need no schema in front. */
export const fullName = ({ schema, name }: Pick<Table, "schema" | "name">) =>
  schema === "public" ? name : `${schema}.${name}`;

/** Its size as far as PostgreSQL has counted: of a new table it says nothing yet. */
export const describe = ({ kind, rows }: Table) => (rows > 0 ? `${kind}, about ${plural(rows, "row")}` : kind);

interface TableItemProps {
  table: Table;
  current: boolean;
  onSelect: (() => void) | undefined;
}

function TableItem({ table, current, onSelect }: TableItemProps) {
  const [open, setOpen] = useState(false);
  const name = fullName(table);
  return (
    <li>
      <div
        className={cn("flex items-center rounded-md hover:bg-muted/60", current && "bg-accent text-accent-foreground")}
      >
        <button
          type="button"
          aria-expanded={open}
          aria-label={`Columns of ${name}`}
          onClick={() => setOpen(!open)}
          className="grid size-7.5 shrink-0 place-items-center rounded-md text-muted-foreground hover:text-foreground"
        >
          <ChevronRight className={cn("size-4 transition-transform", open && "rotate-90")} aria-hidden />
        </button>
        <button
          type="button"
          aria-current={current || undefined}
          onClick={onSelect ?? (() => setOpen(!open))}
          title={describe(table)}
          className="flex h-7.5 min-w-0 grow items-center gap-1.5 rounded-md pr-2 text-left"
        >
          <Table2 className="size-3.5 shrink-0 text-muted-foreground" aria-hidden />
          <span className="min-w-0 grow truncate font-mono text-[0.8125rem]">{name}</span>
          <span className="shrink-0 text-xs text-muted-foreground tabular-nums">
            {table.kind === "view" ? "view" : table.rows > 0 && count(table.rows)}
          </span>
        </button>
      </div>
      {open && <Columns table={table} />}
    </li>
  );
}

function Columns({ table }: { table: Table }) {
  return (
    <ul aria-label={`Columns of ${fullName(table)}`} className="mb-1 ml-3.5 border-l pl-3">
      {table.columns.map(({ name, type, nullable, primary_key, default: preset }) => (
        <li
          key={name}
          title={[type, !nullable && "not null", preset && `default ${preset}`].filter(Boolean).join(", ")}
          className="flex items-center gap-1.5 py-0.5 pr-2 text-xs"
        >
          <span className="max-w-[60%] shrink-0 truncate font-mono">{name}</span>
          {primary_key && <KeyRound className="size-3 shrink-0 text-warning" aria-label="Primary key" />}
          <span className="min-w-0 grow truncate text-right text-muted-foreground">
            {type}
            {nullable && "?"}
          </span>
        </li>
      ))}
    </ul>
  );
}
