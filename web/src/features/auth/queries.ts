import { type InfiniteData, infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Page, take, takePage } from "@/api/client";
import { projectsQuery } from "@/api/queries";

export const sessionsKey = ["sessions"] as const;
export const keysKey = ["keys"] as const;
export const accountsKey = ["accounts"] as const;
export const invitesKey = ["invites"] as const;
export const auditKey = ["audit"] as const;

export const sessionsQuery = () =>
  queryOptions({
    queryKey: sessionsKey,
    queryFn: () => take(api.GET("/api/sessions")),
    select: (sessions) => sessions.toSorted((a, b) => Number(b.current) - Number(a.current)),
  });

export const keysQuery = () => queryOptions({ queryKey: keysKey, queryFn: () => take(api.GET("/api/keys")) });

export const invitesQuery = () => queryOptions({ queryKey: invitesKey, queryFn: () => take(api.GET("/api/invites")) });

/** The pages of a list as one. */
export const rowsOf = <Row>(data: InfiniteData<Page<Row>, unknown>) => data.pages.flatMap((page) => page.rows);

export const accountsQuery = () =>
  infiniteQueryOptions({
    queryKey: accountsKey,
    queryFn: ({ pageParam }) =>
      takePage(api.GET("/api/accounts", { params: { query: { limit: 1000, before: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });

/** `object` and `account` are ids; "" means all. */
export const auditQuery = (object: string, account: string) =>
  infiniteQueryOptions({
    queryKey: [...auditKey, { object, account }],
    queryFn: ({ pageParam }) =>
      takePage(
        api.GET("/api/audit", {
          params: {
            query: { limit: 100, before: pageParam, ...(object && { object }), ...(account && { account }) },
          },
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.next ? Number(page.next) : undefined),
  });

/** The day of the quotas begins at midnight UTC. */
function callsToday() {
  const from = new Date(new Date().setUTCHours(0, 0, 0, 0)).toISOString();
  return take(api.GET("/api/stats/series", { params: { query: { from, step: 3600 } } }));
}

export const functionsTotalQuery = () =>
  queryOptions({ queryKey: ["quota-use", "functions"], queryFn: () => take(api.GET("/api/stats")) });

export const callsTodayQuery = () => queryOptions({ queryKey: ["quota-use", "calls"], queryFn: callsToday });

/** Those that count: the account owns them. */
export const ownProjectsQuery = () => ({
  ...projectsQuery(),
  select: (projects: { role: string }[]) => projects.filter((project) => project.role === "owner").length,
});
