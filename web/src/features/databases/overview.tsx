import { ConnectionCard } from "./components/connection-card";
import { DangerCard } from "./components/danger-card";
import { SnippetsCard } from "./components/snippets-card";
import { UsageCard } from "./components/usage-card";
import type { DatabaseProps } from "./page";

/** How the database is reached, how full it is, and its end. */
export function Overview({ id, project, database }: DatabaseProps) {
  return (
    <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="grid min-w-0 grid-cols-1 gap-4">
        <ConnectionCard id={id} project={project} database={database} />
        <SnippetsCard id={id} />
      </div>
      <div className="grid min-w-0 grid-cols-1 gap-4">
        <UsageCard database={database} />
        {project.role === "owner" && <DangerCard id={id} project={project} />}
      </div>
    </div>
  );
}
