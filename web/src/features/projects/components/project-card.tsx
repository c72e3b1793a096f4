import { SquareFunction } from "lucide-react";
import type { ComponentProps } from "react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { SwitchBadge } from "@/components/switch-badge";
import { Time } from "@/components/time";
import { plural } from "@/lib/format";
import { projectPath } from "../address";
import { RoleBadge } from "./roles";

interface ProjectCardProps extends ComponentProps<"li"> {
  project: Schema<"Project">;
}

/** One project of the list; all of it leads to the project. */
export function ProjectCard({ project, ...rest }: ProjectCardProps) {
  return (
    <li
      className="relative flex flex-col sm:min-h-38 rounded-lg border bg-card p-4 transition-colors focus-within:border-ring hover:border-input hover:shadow-xs"
      {...rest}
    >
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="truncate font-semibold">
            <Link to={projectPath(project)} className="after:absolute after:inset-0 after:rounded-lg">
              {project.name}
            </Link>
          </h2>
          <p className="truncate font-mono text-[0.8125rem] text-muted-foreground">/{project.slug}</p>
        </div>
        <SwitchBadge status={project.status} />
      </div>
      <p className="mt-2 line-clamp-2 sm:min-h-10 text-muted-foreground">{project.description}</p>
      <p className="mt-auto flex items-center justify-between gap-3 pt-2 text-[0.8125rem] text-muted-foreground">
        <span className="flex min-w-0 items-center gap-1.5">
          <SquareFunction className="size-4" aria-hidden /> {plural(project.function_count, "function")}
          <RoleBadge role={project.role} />
        </span>
        <span>
          Created <Time at={project.created_at} />
        </span>
      </p>
    </li>
  );
}
