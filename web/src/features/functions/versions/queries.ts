import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, take, takePage } from "@/api/client";
import { functionKey } from "@/api/queries";

export const versionsKey = (id: string) => [...functionKey(id), "versions"] as const;
export const filesKey = (id: string, version: number) => [...functionKey(id), "files", version] as const;

export const versionsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: versionsKey(id),
    queryFn: ({ pageParam }) =>
      takePage(
        api.GET("/api/functions/{id}/versions", { params: { path: { id }, query: { limit: 20, before: pageParam } } }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.next ? Number(page.next) : undefined),
    select: (data) => data.pages.flatMap((page) => page.rows),
  });

/** A version never changes: what has been read of it stays right. */
export const filesQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: filesKey(id, version),
    queryFn: () => take(api.GET("/api/functions/{id}/versions/{version}/files", { params: { path: { id, version } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Makes a version the one that answers calls. */
export function useActivate(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (version: number) =>
      take(api.PUT("/api/functions/{id}/versions/{version}", { params: { path: { id, version } } })),
    onSuccess: (fn) => {
      client.setQueryData(functionKey(id), fn);
      void client.invalidateQueries({ queryKey: versionsKey(id) });
    },
  });
}
