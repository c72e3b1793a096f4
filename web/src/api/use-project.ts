import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Schema } from "./client";
import { projectQuery, projectsQuery } from "./queries";

type Role = Schema<"Role">;

const order: Role[] = ["viewer", "editor", "owner"];

/** Each role may do what those before it may. */
export function isAtLeast(role: Role, least: Role): boolean {
  return order.indexOf(role) >= order.indexOf(least);
}

/** The project by id or slug; whoever comes from the list sees at once what the list said. */
export function useProject(id: string): UseQueryResult<Schema<"Project">> {
  const client = useQueryClient();
  return useQuery({
    ...projectQuery(id),
    placeholderData: () =>
      client.getQueryData(projectsQuery().queryKey)?.find((each) => each.id === id || each.slug === id),
  });
}
