import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { isAtLeast } from "@/api/use-project";
import { QueryView } from "@/components/query-view";
import { SkeletonRows } from "@/components/ui/skeleton";
import { numberParam, textParam, useSearch } from "@/lib/search";
import { SqlPane } from "./components/sql-pane";
import { TablePane } from "./components/table-pane";
import { TableTree } from "./components/table-tree";
import { tablesQuery } from "./queries";

const search = { schema: textParam("public"), table: textParam(), page: numberParam() };

interface ConsoleProps {
  id: string;
  project: Schema<"Project">;
}

/** Tables at the left; at the right the rows of one, or SQL and what it answers. */
export default function ConsoleView({ id, project }: ConsoleProps) {
  const [{ schema, table, page }, change] = useSearch(search);
  const tables = useQuery(tablesQuery(id));
  const mayEdit = isAtLeast(project.role, "editor");
  const chosen = tables.data?.find((each) => each.schema === schema && each.name === table);
  return (
    <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[17rem_minmax(0,1fr)]">
      <QueryView query={tables} skeleton={<SkeletonRows rows={4} className="h-9" />}>
        {(list) => (
          <TableTree
            tables={list}
            schema={schema}
            table={table}
            onSelect={mayEdit ? (next) => change({ ...next, page: undefined }) : undefined}
          />
        )}
      </QueryView>
      <div className="min-w-0">
        {table && mayEdit ? (
          <TablePane
            key={`${schema}.${table}`}
            {...{ id, schema, name: table, table: chosen, page: page ?? 0 }}
            onPage={(next) => change({ page: next === 0 ? undefined : next })}
            onClose={() => change({ schema: "public", table: "", page: undefined })}
          />
        ) : (
          <SqlPane id={id} mayEdit={mayEdit} tables={tables.data?.length} />
        )}
      </div>
    </div>
  );
}
