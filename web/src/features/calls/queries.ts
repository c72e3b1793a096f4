import { queryOptions } from "@tanstack/react-query";
import { api, type Page, type Schema, take, takePage } from "@/api/client";
import { fieldError } from "@/api/error";
import { functionKey, projectKey } from "@/api/queries";
import type { Log } from "./log-data";
import { type CallsQuery, type Filters, queryOf, sinceOf } from "./log-search";
import { type CallRow, toRow } from "./row";

/** Whose calls: of one function, of a project, or of everything one may see. */
export interface Scope {
  project?: string;
  function?: string;
}

export const callsKey = (scope: Scope) => {
  if (scope.function) return [...functionKey(scope.function), "calls"] as const;
  if (scope.project) return [...projectKey(scope.project), "calls"] as const;
  return ["calls"] as const;
};
export const logKey = (scope: Scope, filters: Filters) => [...callsKey(scope), "log", filters] as const;

/** The path of the calls of a scope; the tail and the export are below it. */
export function callsPath({ function: id, project }: Scope): string {
  if (id) return `/api/functions/${encodeURIComponent(id)}/invocations`;
  if (project) return `/api/projects/${encodeURIComponent(project)}/invocations`;
  return "/api/invocations";
}

type PageQuery = CallsQuery & { limit: number; before?: string };

function getCalls({ function: id, project }: Scope, query: PageQuery, signal?: AbortSignal) {
  const options = signal ? { signal } : {};
  if (id) return api.GET("/api/functions/{id}/invocations", { ...options, params: { path: { id }, query } });
  if (project)
    return api.GET("/api/projects/{id}/invocations", { ...options, params: { path: { id: project }, query } });
  return api.GET("/api/invocations", { ...options, params: { query } });
}

const firstPage = 100;
const furtherPage = 200; // the most that the server gives

export async function callsPage(scope: Scope, query: CallsQuery, before?: string, signal?: AbortSignal) {
  const page = await takePage<Schema<"Invocation">>(
    getCalls(scope, before ? { ...query, limit: furtherPage, before } : { ...query, limit: firstPage }, signal),
  );
  return { ...page, rows: page.rows.map((call) => toRow(call, query.q)) };
}

let loadings = 0;

/** The newest calls. The tail adds newer ones to what this holds, `olderCalls` older ones. */
export const logQuery = (scope: Scope, filters: Filters) =>
  queryOptions({
    queryKey: logKey(scope, filters),
    queryFn: async ({ signal }): Promise<Log> => {
      const since = sinceOf(filters, Date.now());
      const page = await callsPage(scope, queryOf(filters, since), undefined, signal);
      return { ...page, loading: ++loadings, ...(since && { since }) };
    },
    structuralSharing: false, // comparing thousands of rows takes longer than drawing those in sight
    staleTime: 0,
    gcTime: 60_000,
    refetchOnWindowFocus: false, // the tail keeps it fresh
    refetchOnReconnect: false,
  });

/** What is older than the call `before`. */
export async function olderCalls(
  scope: Scope,
  filters: Filters,
  before: string,
  since?: string,
): Promise<Page<CallRow>> {
  try {
    return await callsPage(scope, queryOf(filters, since), before);
  } catch (error) {
    // Old records are removed from the far end: when that one is gone, so are all behind it.
    if (fieldError(error, "before")) return { rows: [] };
    throw error;
  }
}

/** One call with all its texts. A record never changes. */
export const callQuery = (functionId: string, call: string) =>
  queryOptions({
    queryKey: [...functionKey(functionId), "calls", call],
    queryFn: () =>
      take(api.GET("/api/functions/{id}/invocations/{call}", { params: { path: { id: functionId, call } } })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
