import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { projectKey } from "@/api/queries";

export type Route = Schema<"Route">;
/** What the form of a route holds. */
export type RouteDraft = Pick<Route, "method" | "path" | "function_id" | "description">;

export const routesKey = (project: string) => [...projectKey(project), "routes"] as const;
const listKey = (project: string) => [...routesKey(project), "list"] as const;

export const routesQuery = (project: string) =>
  queryOptions({
    queryKey: listKey(project),
    queryFn: () => take(api.GET("/api/projects/{id}/routes", { params: { path: { id: project } } })),
  });

/** Which route a request would hit. */
export const matchQuery = (project: string, method: string, path: string) =>
  queryOptions({
    queryKey: [...routesKey(project), "match", method, path],
    queryFn: () =>
      take(
        api.GET("/api/projects/{id}/routes/match", {
          params: { path: { id: project }, query: { method, path } },
        }),
      ),
    placeholderData: keepPreviousData,
    enabled: path !== "",
  });

const byPath = (a: Route, b: Route) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method);

/** Changes the list at once; gives what takes it back. All about routes is asked for anew when the server has spoken. */
function useOptimistic(project: string) {
  const client = useQueryClient();
  const key = listKey(project);
  return {
    now: async (change: (routes: Route[]) => Route[]) => {
      await client.cancelQueries({ queryKey: key });
      const before = client.getQueryData<Route[]>(key);
      if (before) client.setQueryData<Route[]>(key, change(before).sort(byPath));
      return () => client.setQueryData(key, before);
    },
    settle: () => client.invalidateQueries({ queryKey: routesKey(project) }),
  };
}

type TakeBack = { takeBack: () => void } | undefined;

function optimistic<Value>(
  project: ReturnType<typeof useOptimistic>,
  change: (routes: Route[], value: Value) => Route[],
) {
  return {
    onMutate: async (value: Value) => ({ takeBack: await project.now((routes) => change(routes, value)) }),
    onError: (_error: Error, _value: Value, context: TakeBack) => context?.takeBack(),
    onSettled: project.settle,
  };
}

/** The id of a route that the server has not seen yet. */
export const unsavedId = "unsaved";

function unsaved(project: string, draft: RouteDraft): Route {
  const now = new Date().toISOString();
  return { ...draft, id: unsavedId, project_id: project, created_at: now, updated_at: now };
}

export function useCreateRoute(project: string) {
  return useMutation({
    mutationFn: (body: RouteDraft) =>
      take(api.POST("/api/projects/{id}/routes", { params: { path: { id: project } }, body })),
    ...optimistic(useOptimistic(project), (routes, draft: RouteDraft) => [...routes, unsaved(project, draft)]),
  });
}

export function useChangeRoute(project: string, route: string) {
  return useMutation({
    mutationFn: (body: RouteDraft) =>
      take(api.PUT("/api/projects/{id}/routes/{route}", { params: { path: { id: project, route } }, body })),
    ...optimistic(useOptimistic(project), (routes, draft: RouteDraft) =>
      routes.map((each) => (each.id === route ? { ...each, ...draft } : each)),
    ),
  });
}

export function useDeleteRoute(project: string) {
  return useMutation({
    mutationFn: (route: string) =>
      take(api.DELETE("/api/projects/{id}/routes/{route}", { params: { path: { id: project, route } } })),
    ...optimistic(useOptimistic(project), (routes, route: string) => routes.filter((each) => each.id !== route)),
  });
}
