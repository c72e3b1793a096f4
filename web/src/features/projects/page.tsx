import { useQuery } from "@tanstack/react-query";
import { Boxes, Plus, SearchX } from "lucide-react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { projectsQuery } from "@/api/queries";
import { Empty } from "@/components/empty";
import { PageHeader } from "@/components/page-header";
import { QueryView } from "@/components/query-view";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { useSearch } from "@/lib/search";
import { ProjectCard } from "./components/project-card";
import { filterProjects, filterSearch, ProjectFilter } from "./components/project-filter";

const grid = "grid gap-3 grid-cols-[repeat(auto-fill,minmax(min(20rem,100%),1fr))]";

/** All projects that the account is a member of. */
export function ProjectsPage() {
  const projects = useQuery(projectsQuery());
  return (
    <>
      <PageHeader
        title="Projects"
        description="Functions that belong together, with their routes, variables and members."
        actions={<NewProjectButton />}
      />
      <QueryView query={projects} skeleton={<ListSkeleton />} empty={<NoProjectsYet />}>
        {(list) => <ProjectList projects={list} />}
      </QueryView>
    </>
  );
}

function NewProjectButton() {
  return (
    <Button asChild variant="primary">
      <Link to="/projects/new">
        <Plus /> New project
      </Link>
    </Button>
  );
}

function ProjectList({ projects }: { projects: Schema<"Project">[] }) {
  const [filter, change] = useSearch(filterSearch);
  const found = filterProjects(projects, filter);
  return (
    <>
      <ProjectFilter filter={filter} onChange={change} />
      {found.length === 0 ? (
        <Empty
          icon={SearchX}
          title="No project matches"
          action={<Button onClick={() => change({ q: "" })}>Show all projects</Button>}
        >
          No name or description has “{filter.q}”.
        </Empty>
      ) : (
        <ul className={grid}>
          {found.map((project) => (
            <ProjectCard key={project.id} project={project} />
          ))}
        </ul>
      )}
    </>
  );
}

function NoProjectsYet() {
  return (
    <Empty icon={Boxes} title="No projects yet" action={<NewProjectButton />}>
      A project gives its functions a gateway with routes, variables they share, and members who work on them together.
    </Empty>
  );
}

function ListSkeleton() {
  return (
    <>
      <Skeleton className="mb-4 h-9 max-w-sm" />
      <div className={grid}>
        {["a", "b", "c"].map((each) => (
          <Skeleton key={each} className="h-38 rounded-lg" />
        ))}
      </div>
    </>
  );
}
