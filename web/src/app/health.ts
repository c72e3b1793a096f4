import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { healthKey } from "@/api/queries";

/** Whether the server is there: asked now and then, and often while it is not. */
export const healthQuery = () =>
  queryOptions({
    queryKey: healthKey,
    queryFn: () => take(api.GET("/api/health")),
    refetchInterval: (query) => (query.state.error ? 2000 : 15_000),
    retry: false,
  });
