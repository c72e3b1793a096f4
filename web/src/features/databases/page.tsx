import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { Schema } from "@/api/client";
import { isAtLeast, useProject } from "@/api/use-project";
import { QueryView } from "@/components/query-view";
import { RoleNote } from "@/components/role-note";
import { Badge } from "@/components/ui/badge";
import { Segmented } from "@/components/ui/segmented";
import { Skeleton, SkeletonRows } from "@/components/ui/skeleton";
import { choiceParam, useSearch } from "@/lib/search";
import { BackupsView } from "./backups-view";
import { NoDatabase } from "./components/no-database";
import { StateBadge, StateNote } from "./components/state";
import { Overview } from "./overview";
import { type Database, databaseQuery } from "./queries";

const ConsoleView = lazy(() => import("./console-view"));

const search = { view: choiceParam("overview", "sql", "backups") };

/** What every part of the page gets. */
export interface DatabaseProps {
  /** As the address has it: the keys of queries are made of it. */
  id: string;
  project: Schema<"Project">;
  database: Database;
}

/** The PostgreSQL database of a project. */
export function DatabasePage({ project: id }: { project: string }) {
  const project = useProject(id).data;
  const database = useQuery(databaseQuery(id));
  return (
    <QueryView query={{ ...database, data: project && database.data }} skeleton={<PageSkeleton />}>
      {(data) => {
        if (!project) return null;
        if (!data.has_database) return <NoDatabase id={id} mayCreate={isAtLeast(project.role, "editor")} />;
        return <Views id={id} project={project} database={data} />;
      }}
    </QueryView>
  );
}

function Views({ id, project, database }: DatabaseProps) {
  const [{ view }, change] = useSearch(search);
  return (
    <>
      {project.role === "viewer" && (
        <RoleNote>You are a viewer of this project: editors run SQL in its database, owners see its password.</RoleNote>
      )}
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <Segmented
          label="View"
          value={view}
          onChange={(next) => change({ view: next })}
          options={[
            ["overview", "Overview"],
            ["sql", "Tables and SQL"],
            ["backups", "Backups"],
          ]}
        />
        <div className="flex flex-wrap items-center gap-2">
          {database.version && <Badge>PostgreSQL {database.version}</Badge>}
          {database.state && <StateBadge state={database.state} />}
        </div>
      </div>
      <StateNote database={database} />
      {view === "overview" && <Overview id={id} project={project} database={database} />}
      {view === "sql" && (
        <Suspense fallback={<SkeletonRows rows={1} className="h-96" />}>
          <ConsoleView id={id} project={project} />
        </Suspense>
      )}
      {view === "backups" && <BackupsView id={id} project={project} />}
    </>
  );
}

function PageSkeleton() {
  return (
    <>
      <Skeleton className="mb-4 h-8.5 w-64" />
      <Skeleton className="h-80" />
    </>
  );
}
