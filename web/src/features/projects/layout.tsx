import { Outlet } from "react-router";
import type { Schema } from "@/api/client";
import { ApiError } from "@/api/error";
import { useProject } from "@/api/use-project";
import { CopyButton } from "@/components/copy-button";
import { LinkTabs } from "@/components/link-tabs";
import { PageHeader } from "@/components/page-header";
import { LoadError } from "@/components/query-view";
import { SwitchBadge } from "@/components/switch-badge";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { gatewayUrl } from "./address";
import { RoleBadge } from "./components/roles";

const tabs: [string, string][] = [
  ["", "Functions"],
  ["routes", "Routes"],
  ["dependencies", "Dependencies"],
  ["database", "Database"],
  ["environment", "Environment"],
  ["members", "Members"],
  ["logs", "Log"],
  ["metrics", "Metrics"],
  ["settings", "Settings"],
];

/** What stands above every tab of a project. What the tabs show is fetched beside it, not behind it. */
export function ProjectLayout({ project: id }: { project: string }) {
  const project = useProject(id);
  const gone = project.error instanceof ApiError && project.error.status === 404;
  if (project.error && (gone || !project.data))
    return (
      <>
        <PageHeader title="Project" trail={[["Projects", "/projects"]]} />
        <LoadError error={project.error} retrying={project.isFetching} onRetry={() => void project.refetch()} />
      </>
    );
  return (
    <>
      {project.data ? <ProjectHeader project={project.data} /> : <HeaderSkeleton />}
      {/* Names and descriptions take as many lines as they need: what stands below would jump when they come. */}
      {/* Transparent, not hidden: what is hidden refuses the focus, and a tab can be drawn a moment before the header. */}
      <div className={cn(!project.data && "opacity-0")}>
        <LinkTabs label="Project" of={project.data?.name} tabs={tabs} />
        <Outlet />
      </div>
    </>
  );
}

function ProjectHeader({ project }: { project: Schema<"Project"> }) {
  const url = gatewayUrl(project);
  return (
    <PageHeader
      title={project.name}
      trail={[["Projects", "/projects"]]}
      beside={
        <>
          <SwitchBadge status={project.status} />
          <RoleBadge role={project.role} />
        </>
      }
      description={
        <>
          <div className="flex h-7.5 items-center gap-1">
            <span className="truncate font-mono text-[0.8125rem]">{url}</span>
            <CopyButton text={url} label="Copy the gateway URL" />
          </div>
          {project.description && (
            <p className="mt-0.5 line-clamp-2 max-w-prose wrap-anywhere" title={project.description}>
              {project.description}
            </p>
          )}
        </>
      }
    />
  );
}

function HeaderSkeleton() {
  return (
    <div role="status" aria-label="Loading" className="mb-5">
      <Skeleton className="mb-1.5 h-5 w-16" />
      <Skeleton className="h-7 w-56" />
      <Skeleton className="mt-2 mb-1 h-5.5 w-80 max-w-full" />
    </div>
  );
}
