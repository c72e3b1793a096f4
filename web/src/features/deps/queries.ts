import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { projectKey } from "@/api/queries";

export type Build = Schema<"Build">;
export type Requirements = Schema<"Requirements">;

export const requirementsKey = (project: string) => [...projectKey(project), "requirements"] as const;
export const buildsKey = (project: string) => [...projectKey(project), "builds"] as const;
export const buildKey = (project: string, build: string) => [...buildsKey(project), build] as const;

const at = (id: string) => ({ params: { path: { id } } });
const atBuild = (id: string, build: string) => ({ params: { path: { id, build } } });

export const requirementsQuery = (project: string) =>
  queryOptions({
    queryKey: requirementsKey(project),
    queryFn: () => take(api.GET("/api/projects/{id}/requirements", at(project))),
  });

export const buildsQuery = (project: string) =>
  queryOptions({
    queryKey: [...buildsKey(project), "list"],
    queryFn: () => take(api.GET("/api/projects/{id}/builds", at(project))),
  });

/** A build with its log. What is under way is watched besides: asked again it would say nothing new. */
export const buildQuery = (project: string, build: string) =>
  queryOptions({
    queryKey: buildKey(project, build),
    queryFn: () => take(api.GET("/api/projects/{id}/builds/{build}", atBuild(project, build))),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnReconnect: false,
  });

/** The texts with exact versions, as the last build that succeeded has found them. */
export const lockQuery = (project: string) =>
  queryOptions({
    queryKey: [...requirementsKey(project), "lock"],
    queryFn: () => take(api.GET("/api/projects/{id}/requirements/lock", at(project))),
    staleTime: 0,
  });

export const isUnderWay = ({ status }: Pick<Build, "status">) => status === "queued" || status === "running";

/** Everything that a build changes, also the text that stands in the project itself. */
export function useStaleBuilds(project: string) {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: requirementsKey(project) });
    void client.invalidateQueries({ queryKey: [...buildsKey(project), "list"] });
    void client.invalidateQueries({ queryKey: projectKey(project), exact: true });
  };
}

export function useStartBuild(project: string) {
  const client = useQueryClient();
  const stale = useStaleBuilds(project);
  return useMutation({
    mutationFn: (body: Schema<"RequirementsSave">) =>
      take(api.POST("/api/projects/{id}/builds", { ...at(project), body })),
    onSuccess: (build) => {
      client.setQueryData(buildKey(project, build.id), build);
      stale();
    },
    onError: stale, // another build may be the reason: it is to be seen
  });
}

export function useCancelBuild(project: string, build: string) {
  const stale = useStaleBuilds(project);
  return useMutation({
    mutationFn: () => take(api.POST("/api/projects/{id}/builds/{build}/cancel", atBuild(project, build))),
    onSuccess: stale,
  });
}
