import { Boxes, Plus, SearchX } from "lucide-react";
import { useMemo } from "react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { useProjectsSoFar } from "@/api/use-projects-so-far";
import { Empty } from "@/components/empty";
import { PageHeader } from "@/components/page-header";
import { QueryView } from "@/components/query-view";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { useSearch } from "@/lib/search";
import { type Filter, filterProjects, filterSearch, ProjectFilter } from "./components/project-filter";
import { gridLook, ProjectGrid } from "./components/project-grid";

/** All projects that the account is a member of. */
export function ProjectsPage() {
  const { complete, ...projects } = useProjectsSoFar();
  const [filter, change] = useSearch(filterSearch);
  // Further ones are older: in another order they would push away what is being read.
  const data = complete || filter.sort === "newest" ? projects.data : undefined;
  return (
    <>
      <PageHeader
        title="Projects"
        description="Functions that belong together, with their routes, variables and members."
        actions={<NewProjectButton />}
      />
      <QueryView query={{ ...projects, data }} skeleton={<ListSkeleton />} empty={<NoProjectsYet />}>
        {(list) => <ProjectList projects={list} {...{ complete, filter, change }} />}
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

interface ProjectListProps {
  projects: Schema<"Project">[];
  /** Whether these are all: else there may be some among the others that match. */
  complete: boolean;
  filter: Filter;
  change: (change: Partial<Filter>) => void;
}

function ProjectList({ projects, complete, filter, change }: ProjectListProps) {
  const found = useMemo(() => filterProjects(projects, filter), [projects, filter]);
  return (
    <>
      <ProjectFilter filter={filter} onChange={change} />
      {found.length > 0 ? (
        <ProjectGrid projects={found} />
      ) : !complete ? (
        <p role="status" className="text-muted-foreground">
          Looking through the other projects
        </p>
      ) : (
        <Empty
          icon={SearchX}
          title="No project matches"
          action={<Button onClick={() => change({ q: "" })}>Show all projects</Button>}
        >
          No name or description has “{filter.q}”.
        </Empty>
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
      <div className={gridLook}>
        {["a", "b", "c"].map((each) => (
          <Skeleton key={each} className="h-38 rounded-lg" />
        ))}
      </div>
    </>
  );
}
