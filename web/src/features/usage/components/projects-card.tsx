import { useQuery } from "@tanstack/react-query";
import { Boxes } from "lucide-react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { QueryView } from "@/components/query-view";
import { Time } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { plural } from "@/lib/format";
import { recentProjectsQuery } from "../queries";

/** The newest projects. */
export function ProjectsCard() {
  const projects = useQuery(recentProjectsQuery());
  return (
    <Card className="flex min-w-0 flex-col">
      <CardHeader
        title="Recent projects"
        actions={
          <Button asChild variant="link" className="h-auto px-0">
            <Link to="/projects">Show all</Link>
          </Button>
        }
      />
      <div className="xl:min-h-40 px-2 pb-3">
        <QueryView
          query={projects}
          skeleton={
            <div className="px-3">
              <SkeletonRows rows={2} className="h-16" />
            </div>
          }
          empty={<NoProjects />}
        >
          {(rows) => (
            <ul>
              {rows.map((project) => (
                <ProjectRow key={project.id} project={project} />
              ))}
            </ul>
          )}
        </QueryView>
      </div>
    </Card>
  );
}

function ProjectRow({ project }: { project: Schema<"Project"> }) {
  const { id, name, slug, status, function_count, created_at } = project;
  return (
    <li>
      <Link to={`/projects/${id}`} className="flex h-15 items-center gap-3.5 rounded-md px-3 hover:bg-muted/60">
        <span
          aria-hidden
          className="grid size-9 shrink-0 place-items-center rounded-md bg-accent text-accent-foreground"
        >
          <Boxes className="size-4.5" strokeWidth={1.75} />
        </span>
        <span className="min-w-0 grow">
          <span className="flex min-w-0 items-center gap-2">
            <span className="truncate font-medium">{name}</span>
            {status !== "active" && <Badge tone="warning">{status}</Badge>}
          </span>
          <span className="block truncate text-[0.8125rem] text-muted-foreground">/{slug}</span>
        </span>
        <span className="shrink-0 text-right text-[0.8125rem] text-muted-foreground">
          <span className="block text-foreground">{plural(function_count, "function")}</span>
          <Time at={created_at} />
        </span>
      </Link>
    </li>
  );
}

function NoProjects() {
  return (
    <div className="flex h-37 flex-col items-center justify-center gap-3 text-center text-muted-foreground">
      <p className="max-w-72 text-balance">Projects hold functions, routes and variables that belong together.</p>
      <Button asChild size="small">
        <Link to="/projects/new">New project</Link>
      </Button>
    </div>
  );
}
