/** Queries that more than one feature reads. What only one feature reads stands in its queries.ts. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schema, take, takeAll, takePage } from "./client";

export const healthKey = ["health"] as const;
export const accountKey = ["account"] as const;
export const setupKey = ["setup"] as const;
export const projectsKey = ["projects"] as const;
export const functionsKey = ["functions"] as const;
/** Everything about one project or function has a key that begins so; `[0]` alone is the list. */
export const projectKey = (id: string) => [...projectsKey, id] as const;
export const functionKey = (id: string) => [...functionsKey, id] as const;

export const accountQuery = () =>
  queryOptions({ queryKey: accountKey, queryFn: () => take(api.GET("/api/account")), staleTime: 60_000 });

export const setupQuery = () =>
  queryOptions({ queryKey: setupKey, queryFn: () => take(api.GET("/api/setup")), staleTime: 60_000 });

export const projectsSoFarKey = ["projects so far"] as const;

/** All of them. The first time, those that are there already stand below `projectsSoFarKey` while more are to come. */
export const projectsQuery = () =>
  queryOptions({
    queryKey: [...projectsKey, "list"],
    queryFn: ({ client, queryKey, signal }) =>
      takeAll(
        (before) => api.GET("/api/projects", { params: { query: { limit: 1000, before } }, signal }),
        (rows) => client.getQueryData(queryKey) ?? client.setQueryData<Schema<"Project">[]>(projectsSoFarKey, rows),
      ),
  });

/** `id` may be the slug. */
export const projectQuery = (id: string) =>
  queryOptions({
    queryKey: projectKey(id),
    queryFn: () => take(api.GET("/api/projects/{id}", { params: { path: { id } } })),
  });

export const functionsQuery = () =>
  infiniteQueryOptions({
    queryKey: [...functionsKey, "list"],
    queryFn: ({ pageParam }) =>
      takePage(api.GET("/api/functions", { params: { query: { limit: pageParam ? 1000 : 100, before: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });

export const projectFunctionsQuery = (project: string) =>
  queryOptions({
    queryKey: [...projectKey(project), "functions"],
    queryFn: ({ signal }) =>
      takeAll((before) =>
        api.GET("/api/projects/{id}/functions", {
          params: { path: { id: project }, query: { limit: 1000, before } },
          signal,
        }),
      ),
  });

export const functionQuery = (id: string) =>
  queryOptions({
    queryKey: functionKey(id),
    queryFn: () => take(api.GET("/api/functions/{id}", { params: { path: { id } } })),
  });
