import { SquareFunction } from "lucide-react";
import { useDeferredValue, useMemo } from "react";
import type { Schema } from "@/api/client";
import { useProjectsSoFar } from "@/api/use-projects-so-far";
import { Empty } from "@/components/empty";
import { PageHeader } from "@/components/page-header";
import { SearchInput } from "@/components/search-input";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/input";
import { textParam, useSearch } from "@/lib/search";
import { FunctionList } from "./components/function-list";
import { NewFunctionButton, NoFunctions } from "./components/no-functions";

const search = { project: textParam(), q: textParam() };

/** In the URL: no slug is that short. */
const NO_PROJECT = "-";

/** All functions that one may see. */
export function FunctionsPage() {
  const [{ project, q }, change] = useSearch(search);
  const { data: projects } = useProjectsSoFar();
  const byId = useMemo(() => new Map(projects?.map((each) => [each.id, each])), [projects]);
  const filter = useDeferredValue(q.trim());
  const showAll = () => change({ project: "", q: "" });
  return (
    <>
      <PageHeader title="Functions" actions={<NewFunctionButton to="/functions/new" />} />
      <div className="mb-3 flex flex-wrap gap-2">
        <SearchInput
          label="Search functions by name"
          placeholder="Search by name"
          value={q}
          onChange={(text) => change({ q: text })}
        />
        <ProjectFilter value={project} projects={projects ?? []} onChange={(slug) => change({ project: slug })} />
      </div>
      <FunctionList
        filter={{
          ...(project && { project: project === NO_PROJECT ? "" : project }),
          ...(filter && { q: filter }),
        }}
        projects={byId}
        empty={project ? <NoneHere onShowAll={showAll} /> : <NoFunctions to="/functions/new" />}
        onShowAll={showAll}
      />
    </>
  );
}

interface ProjectFilterProps {
  value: string;
  projects: Schema<"Project">[];
  onChange: (slug: string) => void;
}

function ProjectFilter({ value, projects, onChange }: ProjectFilterProps) {
  const chosen = projects.find((each) => each.slug === value || each.id === value)?.slug ?? value;
  return (
    <Select
      aria-label="Project"
      className="w-full sm:w-auto sm:max-w-64"
      value={chosen}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">All projects</option>
      <option value={NO_PROJECT}>In no project</option>
      {projects.map((each) => (
        <option key={each.id} value={each.slug}>
          {each.name}
        </option>
      ))}
      {chosen && chosen !== NO_PROJECT && !projects.some((each) => each.slug === chosen) && (
        <option value={chosen}>{chosen}</option>
      )}
    </Select>
  );
}

function NoneHere({ onShowAll }: { onShowAll: () => void }) {
  return (
    <Empty
      icon={SquareFunction}
      title="No functions here"
      action={<Button onClick={onShowAll}>Show all functions</Button>}
    >
      There are none with this filter.
    </Empty>
  );
}
