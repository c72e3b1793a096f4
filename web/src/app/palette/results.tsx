import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Boxes, SquareFunction } from "lucide-react";
import { useDeferredValue } from "react";
import { useNavigate } from "react-router";
import { api, type Schema, take } from "@/api/client";
import { functionsKey, projectsQuery } from "@/api/queries";
import { useProjectsSoFar } from "@/api/use-projects-so-far";
import { Group, Item } from "./group";
import type { PaletteGroupProps } from "./palette";

const SHOWN_AT_FIRST = 5;
const SHOWN_MAX = 20;

/** Whether what stands first has come: the list waits for it, so that the first item is the selected one. */
export function useFirstResults(): boolean {
  const projects = useProjectsSoFar();
  const functions = useQuery(foundFunctionsQuery(""));
  return (projects.data !== undefined || !projects.isPending) && !functions.isPending;
}

/** Those whose name or slug has every word, called just so first: the list itself would be slow to choose from a thousand. */
function found(projects: Schema<"Project">[], text: string): Schema<"Project">[] {
  const sought = text.toLowerCase().trim();
  const words = sought.split(/\s+/).filter(Boolean);
  const isSo = ({ name, slug }: Schema<"Project">) => name.toLowerCase() === sought || slug === sought;
  return projects
    .filter(({ name, slug }) => words.every((word) => `${name} ${slug}`.toLowerCase().includes(word)))
    .sort((a, b) => Number(isSo(b)) - Number(isSo(a)));
}

export function ProjectResults({ text, run }: PaletteGroupProps) {
  const navigate = useNavigate();
  const { data: projects = [] } = useProjectsSoFar();
  const shown = found(projects, text).slice(0, text ? SHOWN_MAX : SHOWN_AT_FIRST);
  if (shown.length === 0) return null;
  return (
    <Group heading="Projects">
      {shown.map((project) => (
        <Item
          key={project.id}
          id={project.id}
          icon={Boxes}
          name={project.name}
          words={[project.slug]}
          beside={`/${project.slug}`}
          onSelect={() => run(() => navigate(`/projects/${project.id}`))}
        />
      ))}
    </Group>
  );
}

/** Functions are looked for by the server: there may be thousands. */
const foundFunctionsQuery = (text: string) => ({
  queryKey: [...functionsKey, "find", text],
  queryFn: () =>
    take(
      api.GET("/api/functions", {
        params: { query: { limit: text ? SHOWN_MAX : SHOWN_AT_FIRST, q: text || undefined } },
      }),
    ),
  placeholderData: keepPreviousData,
});

export function FunctionResults({ text, run }: PaletteGroupProps) {
  const navigate = useNavigate();
  const { data: functions = [] } = useQuery(foundFunctionsQuery(useDeferredValue(text.trim())));
  const { data: projects = [] } = useQuery(projectsQuery());
  const projectOf = (id: string | null) => projects.find((project) => project.id === id)?.name;
  if (functions.length === 0) return null;
  return (
    <Group heading="Functions">
      {functions.map((each) => (
        <Item
          key={each.id}
          id={each.id}
          icon={SquareFunction}
          name={each.name}
          beside={projectOf(each.project_id)}
          onSelect={() => run(() => navigate(`/functions/${each.id}`))}
        />
      ))}
    </Group>
  );
}
