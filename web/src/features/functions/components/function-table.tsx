import type { ColumnDef } from "@tanstack/react-table";
import { useMemo } from "react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { DataTable } from "@/components/data-table";
import { Time } from "@/components/time";
import { AccessBadge, runtimeNames, StatusBadge } from "./words";

type Fn = Schema<"Function">;

interface FunctionTableProps {
  rows: Fn[];
  /** Of all that one may see, by id; left out where all functions are of one project. */
  projects?: Map<string, Schema<"Project">> | undefined;
  /** The last rows come into sight. */
  onEnd: () => void;
}

/** Functions as rows; the name leads to the function. */
export function FunctionTable({ rows, projects, onEnd }: FunctionTableProps) {
  const columns = useMemo(() => columnsFor(projects), [projects]);
  return (
    <DataTable
      label="Functions"
      rows={rows}
      columns={columns}
      rowKey={(fn) => fn.id}
      tracks={`minmax(11rem,2fr) ${projects ? "minmax(7rem,1.2fr) " : ""}6.5rem 6rem 5.5rem 4.5rem 7rem`}
      tracksMedium="minmax(0,1fr) 5.5rem 6.5rem"
      tracksNarrow="minmax(0,1fr) auto"
      rowHeight={52}
      maxHeight="max(20rem, calc(100dvh - 17.5rem))"
      onEnd={onEnd}
    />
  );
}

const wide = { className: "hidden @4xl:block" };
const medium = { className: "hidden @xl:block" };

function columnsFor(projects: FunctionTableProps["projects"]): ColumnDef<Fn, unknown>[] {
  const projectName = (fn: Fn) => (fn.project_id ? (projects?.get(fn.project_id)?.name ?? "") : "");
  const project: ColumnDef<Fn, unknown> = {
    id: "project",
    header: "Project",
    accessorFn: projectName,
    cell: ({ row }) => <ProjectLink id={row.original.project_id} name={projectName(row.original)} />,
    meta: wide,
  };
  return [
    {
      id: "name",
      header: "Name",
      accessorFn: (fn) => fn.name.toLowerCase(),
      cell: ({ row }) => <NameCell fn={row.original} project={projectName(row.original)} />,
    },
    ...(projects ? [project] : []),
    { id: "runtime", header: "Runtime", accessorFn: (fn) => runtimeNames[fn.runtime], meta: wide },
    {
      id: "access",
      header: "Access",
      accessorFn: (fn) => fn.access,
      cell: ({ row }) => <AccessBadge access={row.original.access} />,
      meta: wide,
    },
    {
      id: "status",
      header: "Status",
      accessorFn: (fn) => fn.status,
      cell: ({ row }) => <StatusBadge status={row.original.status} />,
    },
    {
      id: "version",
      header: "Version",
      accessorFn: (fn) => fn.active_version,
      cell: ({ row }) => <span className="tabular-nums">v{row.original.active_version}</span>,
      meta: wide,
    },
    {
      id: "updated",
      header: "Updated",
      accessorFn: (fn) => fn.updated_at,
      cell: ({ row }) => <Time at={row.original.updated_at} className="text-muted-foreground" />,
      meta: medium,
    },
  ];
}

/** On narrow screens what the folded columns say stands below the name. */
function NameCell({ fn, project }: { fn: Fn; project: string }) {
  const folded = [project, runtimeNames[fn.runtime], `v${fn.active_version}`].filter(Boolean).join(" · ");
  return (
    <div className="min-w-0">
      <Link to={`/functions/${fn.id}`} className="block truncate font-medium hover:text-primary hover:underline">
        {fn.name}
      </Link>
      <p className="truncate text-[0.8125rem] text-muted-foreground @4xl:hidden">{folded}</p>
      {fn.description && (
        <p className="hidden truncate text-[0.8125rem] text-muted-foreground @4xl:block">{fn.description}</p>
      )}
    </div>
  );
}

function ProjectLink({ id, name }: { id: string | null; name: string }) {
  if (!id || !name) return <span className="text-muted-foreground">None</span>;
  return (
    <Link to={`/projects/${id}`} className="text-muted-foreground hover:text-foreground hover:underline">
      {name}
    </Link>
  );
}
