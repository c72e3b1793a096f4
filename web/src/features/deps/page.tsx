import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { isAtLeast, useProject } from "@/api/use-project";
import { QueryView } from "@/components/query-view";
import { RoleNote } from "@/components/role-note";
import { Skeleton } from "@/components/ui/skeleton";
import { choiceParam, textParam, useSearch } from "@/lib/search";
import { BuildHistory } from "./components/build-history";
import { BuildView } from "./components/build-view";
import { Installed } from "./components/installed";
import { LanguageTabs } from "./components/language-tabs";
import { RequirementsEditor } from "./components/requirements-editor";
import { isUnderWay, type Requirements, requirementsQuery } from "./queries";
import { useDraft } from "./use-draft";

const search = { language: choiceParam("python", "node"), build: textParam(), add: textParam(), q: textParam() };

/** The packages that the functions of a project may import. */
export function DependenciesPage({ project }: { project: string }) {
  const role = useProject(project).data?.role;
  const requirements = useQuery(requirementsQuery(project));
  return (
    <QueryView query={{ ...requirements, data: role && requirements.data }} skeleton={<PageSkeleton />}>
      {(stored) => role && <Dependencies project={project} role={role} stored={stored} />}
    </QueryView>
  );
}

interface DependenciesProps {
  project: string;
  role: Schema<"Role">;
  stored: Requirements;
}

function Dependencies({ project, role, stored }: DependenciesProps) {
  const [{ language, build, add, q }, change] = useSearch(search);
  const draft = useDraft(project, stored);
  const mayEdit = isAtLeast(role, "editor");
  const newest = stored.build;
  // Unless one is asked for, the newest shows while it is under way or when it is why nothing has changed.
  const shown = build || (newest && (isUnderWay(newest) || newest.status === "failed") ? newest.id : "");
  return (
    <>
      {!mayEdit && <RoleNote>You are a viewer of this project: editors change its packages.</RoleNote>}
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <LanguageTabs {...{ language, draft, stored }} onChange={(next) => change({ language: next, q: "" })} />
        <p className="text-muted-foreground">
          Every function of the project can import these. New ones reach the next call, without a deploy.
        </p>
      </div>
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] lg:grid-rows-[auto_1fr]">
        <RequirementsEditor
          key={language}
          {...{ project, language, draft, stored, mayEdit, add }}
          onAdd={(text) => change({ add: text })}
          onBuild={(id) => change({ build: id, add: "" })}
        />
        <div className="grid min-w-0 grid-cols-1 gap-4 lg:row-span-2">
          {shown && (
            <BuildView
              key={shown}
              {...{ project, mayEdit }}
              id={shown}
              onClose={build ? () => change({ build: "" }) : undefined}
            />
          )}
          <Installed {...{ language, q }} layer={stored[language]} onSearch={(text) => change({ q: text })} />
        </div>
        <BuildHistory project={project} shown={shown} onShow={(id) => change({ build: id })} />
      </div>
    </>
  );
}

function PageSkeleton() {
  return (
    <>
      <Skeleton className="mb-4 h-8.5 w-40" />
      <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Skeleton className="h-112" />
        <Skeleton className="h-64" />
      </div>
    </>
  );
}
