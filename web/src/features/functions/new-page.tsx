import { useQuery } from "@tanstack/react-query";
import { projectsQuery } from "@/api/queries";
import { PageHeader } from "@/components/page-header";
import { QueryView } from "@/components/query-view";
import { Skeleton } from "@/components/ui/skeleton";
import { choiceParam, useSearch } from "@/lib/search";
import { NewFunctionForm } from "./components/new-function-form";
import { templateNames } from "./templates";

const search = {
  runtime: choiceParam("python", "nodejs", "provided"),
  template: choiceParam(...templateNames),
};

/** A new function, in the project whose id or slug is given. */
export function NewFunctionPage({ project }: { project?: string | undefined }) {
  const [start, change] = useSearch(search);
  const projects = useQuery(projectsQuery());
  const home = projects.data?.find((each) => each.id === project || each.slug === project);
  const trail: [string, string][] = project
    ? [
        ["Projects", "/projects"],
        [home?.name ?? project, `/projects/${project}`],
      ]
    : [["Functions", "/functions"]];
  return (
    <>
      <PageHeader title="New function" trail={trail} />
      <QueryView query={projects} skeleton={<Skeleton className="h-128 max-w-xl" />}>
        {() => <NewFunctionForm {...start} project={home} onStart={change} />}
      </QueryView>
    </>
  );
}
