import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { projectsKey } from "@/api/queries";
import { callStatuses } from "@/components/call-status";
import { live, liveIn, slow, statsKey } from "@/components/stats/query";
import { rangeBefore, rangeOf, type Span } from "@/components/stats/span";

export const systemKey = ["system"] as const;

/** Totals of all time. */
export const totalsQuery = () =>
  queryOptions({ queryKey: [...statsKey, "totals"], queryFn: () => take(api.GET("/api/stats")), ...live });

export const seriesQuery = (span: Span) =>
  queryOptions({
    queryKey: [...statsKey, "series", span],
    queryFn: () => take(api.GET("/api/stats/series", { params: { query: rangeOf(span) } })),
    ...liveIn(span),
  });

export const seriesBeforeQuery = (span: Span) =>
  queryOptions({
    queryKey: [...statsKey, "before", span],
    queryFn: () => take(api.GET("/api/stats/series", { params: { query: rangeBefore(span) } })),
    ...slow,
  });

/** Every status of a call but success, as the API takes them. */
export const failing = callStatuses.filter((status) => status !== "success").join(",");

export const failuresQuery = () =>
  queryOptions({
    queryKey: [...statsKey, "failures"],
    queryFn: () => take(api.GET("/api/invocations", { params: { query: { status: failing, limit: 5 } } })),
    ...live,
  });

export const recentProjectsQuery = () =>
  queryOptions({
    queryKey: [...projectsKey, "recent"],
    queryFn: () => take(api.GET("/api/projects", { params: { query: { limit: 3 } } })),
    ...slow,
  });

export const systemQuery = () =>
  queryOptions({ queryKey: systemKey, queryFn: () => take(api.GET("/api/system")), ...live });
