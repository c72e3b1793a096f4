import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { functionKey, projectKey } from "@/api/queries";
import { liveIn, slow } from "@/components/stats/query";
import { rangeBefore, rangeOf, type Span } from "@/components/stats/span";

/** What metrics are about: a project or a function. */
export interface MetricsScope {
  project?: string;
  function?: string;
}

const scopeKey = (scope: MetricsScope) =>
  scope.project ? projectKey(scope.project) : functionKey(scope.function ?? "");

function fetchStats(scope: MetricsScope, query: ReturnType<typeof rangeOf>) {
  return scope.project
    ? take(api.GET("/api/projects/{id}/stats", { params: { path: { id: scope.project }, query } }))
    : take(api.GET("/api/functions/{id}/stats", { params: { path: { id: scope.function ?? "" }, query } }));
}

export const metricsQuery = (scope: MetricsScope, span: Span) =>
  queryOptions({
    queryKey: [...scopeKey(scope), "stats", span],
    queryFn: () => fetchStats(scope, rangeOf(span)),
    ...liveIn(span),
  });

export const metricsBeforeQuery = (scope: MetricsScope, span: Span) =>
  queryOptions({
    queryKey: [...scopeKey(scope), "stats", span, "before"],
    queryFn: () => fetchStats(scope, rangeBefore(span)),
    ...slow,
  });
