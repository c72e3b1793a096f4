import { useDeferredValue } from "react";
import { useProject } from "@/api/use-project";
import { SearchInput } from "@/components/search-input";
import { textParam, useSearch } from "@/lib/search";
import { FunctionList } from "./components/function-list";
import { NewFunctionButton, NoFunctions } from "./components/no-functions";

const search = { q: textParam() };

/** The functions of one project: the first of its tabs. */
export function ProjectFunctions({ project }: { project: string }) {
  const [{ q }, change] = useSearch(search);
  const filter = useDeferredValue(q.trim());
  const mayCreate = useProject(project).data?.role !== "viewer";
  const create = `/projects/${project}/functions/new`;
  return (
    <>
      <div className="mb-3 flex flex-wrap justify-between gap-2">
        <SearchInput
          label="Search functions by name"
          placeholder="Search by name"
          value={q}
          onChange={(text) => change({ q: text })}
        />
        {mayCreate && <NewFunctionButton to={create} />}
      </div>
      <FunctionList
        filter={{ project, ...(filter && { q: filter }) }}
        empty={<NoFunctions to={create} mayCreate={mayCreate} />}
        onShowAll={() => change({ q: "" })}
      />
    </>
  );
}
