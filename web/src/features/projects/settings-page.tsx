import { useProject } from "@/api/use-project";
import { QueryView } from "@/components/query-view";
import { RoleNote } from "@/components/role-note";
import { AuditCard } from "./components/audit-card";
import { CorsCard } from "./components/cors-card";
import { DangerCard } from "./components/danger-card";
import { DomainsCard } from "./components/domains-card";
import { GeneralCard } from "./components/general-card";
import { StatusCard } from "./components/status-card";

/** All that can be set about a project. */
export function ProjectSettingsPage({ project: id }: { project: string }) {
  const project = useProject(id);
  return (
    <QueryView query={project}>
      {(data) => (
        <div className="grid max-w-4xl gap-5">
          {data.role === "viewer" && (
            <RoleNote className="mb-0">
              You are a viewer of this project: editors change its settings, owners its domains.
            </RoleNote>
          )}
          {data.role === "editor" && (
            <RoleNote className="mb-0">
              You are an editor of this project: only owners change its domains, read its audit log and delete it.
            </RoleNote>
          )}
          <GeneralCard id={id} project={data} />
          <StatusCard id={id} project={data} />
          <CorsCard id={id} project={data} />
          <DomainsCard id={id} role={data.role} />
          {data.role === "owner" && <AuditCard id={id} />}
          {data.role === "owner" && <DangerCard id={id} project={data} />}
        </div>
      )}
    </QueryView>
  );
}
