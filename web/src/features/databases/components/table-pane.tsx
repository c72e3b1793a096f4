import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, SquareTerminal } from "lucide-react";
import { QueryView } from "@/components/query-view";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { bytes, count } from "@/lib/format";
import { sqlName } from "../csv";
import { ROWS_OF_PAGE, rowsQuery, type Table } from "../queries";
import { ResultGrid } from "./result-grid";
import { leaveSql } from "./sql-pane";
import { describe, fullName } from "./table-tree";

interface TablePaneProps {
  id: string;
  schema: string;
  name: string;
  /** What the list of tables says of it, as far as that has come. */
  table: Table | undefined;
  page: number;
  onPage: (page: number) => void;
  onClose: () => void;
}

/** The rows of a table, a page at a time. */
export function TablePane({ id, schema, name, table, page, onPage, onClose }: TablePaneProps) {
  const rows = useQuery({ ...rowsQuery(id, { schema, table: name }, page), placeholderData: keepPreviousData });
  const ask = () => {
    const from = schema === "public" ? sqlName(name) : `${sqlName(schema)}.${sqlName(name)}`;
    leaveSql(id, `SELECT *\nFROM ${from}\nLIMIT 100`);
    onClose();
  };
  const first = page * ROWS_OF_PAGE;
  return (
    <section aria-label={`Rows of ${name}`} className="grid min-w-0 gap-3">
      <div className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
        <h2 className="min-w-0 font-mono font-semibold wrap-anywhere">{fullName({ schema, name })}</h2>
        {table && (
          <span className="text-[0.8125rem] text-muted-foreground">
            {describe(table)}, {bytes(table.bytes)}
          </span>
        )}
        <Button size="small" className="ml-auto" onClick={ask}>
          <SquareTerminal /> Query it
        </Button>
      </div>
      <QueryView query={rows} skeleton={<Skeleton className="h-80" />}>
        {(result) => (
          <>
            <ResultGrid key={page} label={`Rows of ${name}`} result={result} empty="This table has no rows here." />
            <div className="flex flex-wrap items-center justify-end gap-2">
              <p className="grow text-[0.8125rem] text-muted-foreground tabular-nums" role="status">
                {result.rows.length > 0 && `Rows ${count(first + 1)} to ${count(first + result.rows.length)}`}
              </p>
              <Button size="small" disabled={page === 0} onClick={() => onPage(page - 1)}>
                <ChevronLeft /> Previous
              </Button>
              <Button size="small" disabled={!result.truncated} onClick={() => onPage(page + 1)}>
                Next <ChevronRight />
              </Button>
            </div>
          </>
        )}
      </QueryView>
    </section>
  );
}
