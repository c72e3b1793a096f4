import { skipToken, type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Schema } from "./client";
import { projectsQuery, projectsSoFarKey } from "./queries";

type Projects = Schema<"Project">[];
type SoFar = Pick<UseQueryResult<Projects>, "data" | "error" | "isPending" | "isFetching" | "refetch">;

/** The projects as far as they have come: of thousands the newest are there at once, and the others soon. */
export function useProjectsSoFar(): SoFar & { complete: boolean } {
  const { data, error, isPending, isFetching, refetch } = useQuery(projectsQuery());
  const soFar = useQuery<Projects>({ queryKey: projectsSoFarKey, queryFn: skipToken });
  return { data: data ?? soFar.data, error, isPending, isFetching, refetch, complete: data !== undefined };
}
