import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take, takePage } from "@/api/client";
import { projectKey, projectsKey } from "@/api/queries";

export const variablesKey = (project: string) => [...projectKey(project), "variables"] as const;
export const membersKey = (project: string) => [...projectKey(project), "members"] as const;
export const domainsKey = (project: string) => [...projectKey(project), "domains"] as const;
export const auditKey = (project: string) => [...projectKey(project), "audit"] as const;

const at = (id: string) => ({ params: { path: { id } } });

export const variablesQuery = (project: string) =>
  queryOptions({
    queryKey: variablesKey(project),
    queryFn: () => take(api.GET("/api/projects/{id}/env", at(project))),
  });

export const membersQuery = (project: string) =>
  queryOptions({
    queryKey: membersKey(project),
    queryFn: () => take(api.GET("/api/projects/{id}/members", at(project))),
  });

export const domainsQuery = (project: string) =>
  queryOptions({
    queryKey: domainsKey(project),
    queryFn: () => take(api.GET("/api/projects/{id}/domains", at(project))),
  });

export const auditQuery = (project: string) =>
  infiniteQueryOptions({
    queryKey: auditKey(project),
    queryFn: ({ pageParam }) =>
      takePage(
        api.GET("/api/projects/{id}/audit", {
          params: { path: { id: project }, query: { limit: 50, before: pageParam } },
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.next === undefined ? undefined : Number(page.next)),
  });

/** What a change makes old: the thing itself, and the log of who did what. */
function useStale(project: string) {
  const client = useQueryClient();
  return (...keys: (readonly unknown[])[]) =>
    Promise.all([...keys, auditKey(project)].map((queryKey) => client.invalidateQueries({ queryKey })));
}

const listKey = [...projectsKey, "list"] as const;

export function useCreateProject() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schema<"ProjectCreate">) => take(api.POST("/api/projects", { body })),
    onSuccess: (project) => {
      client.setQueryData(projectKey(project.slug), project);
      return client.invalidateQueries({ queryKey: listKey });
    },
  });
}

export function useChangeProject(id: string) {
  const client = useQueryClient();
  const stale = useStale(id);
  return useMutation({
    mutationFn: (body: Schema<"ProjectChange">) => take(api.PUT("/api/projects/{id}", { ...at(id), body })),
    onSuccess: (project) => {
      client.setQueryData(projectKey(project.slug), project);
      if (id === project.id) client.setQueryData(projectKey(id), project);
      // A new name makes a new slug: at the old one there is nothing to ask for any more.
      const gone = id !== project.id && id !== project.slug;
      void (gone ? client.invalidateQueries({ queryKey: listKey }) : stale(listKey));
    },
  });
}

export function useDeleteProject(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE("/api/projects/{id}", at(id))),
    // Its own queries go with the page that shows them: asked now, they would only say that it is gone.
    onSuccess: () => client.invalidateQueries({ queryKey: listKey }),
  });
}

export function useSetVariable(project: string) {
  const stale = useStale(project);
  return useMutation({
    mutationFn: (body: Schema<"EnvVarSet">) => take(api.POST("/api/projects/{id}/env", { ...at(project), body })),
    onSuccess: () => stale(variablesKey(project)),
    gcTime: 0, // what was typed may be a secret
  });
}

export function useReplaceVariables(project: string) {
  const client = useQueryClient();
  const stale = useStale(project);
  return useMutation({
    mutationFn: (variables: Schema<"EnvVarSet">[]) =>
      take(api.PUT("/api/projects/{id}/env", { ...at(project), body: { variables } })),
    onSuccess: (all) => {
      client.setQueryData(variablesKey(project), all);
      return stale();
    },
    gcTime: 0,
  });
}

export function useDeleteVariable(project: string) {
  const stale = useStale(project);
  return useMutation({
    mutationFn: (key: string) =>
      take(api.DELETE("/api/projects/{id}/env/{key}", { params: { path: { id: project, key } } })),
    onSuccess: () => stale(variablesKey(project)),
  });
}

/** No query and no mutation: the value of a secret is kept nowhere but where it is shown. */
export async function revealVariable(project: string, key: string): Promise<string> {
  const path = { id: project, key };
  return (await take(api.POST("/api/projects/{id}/env/{key}/reveal", { params: { path } }))).value;
}

export function useSetMember(project: string) {
  const stale = useStale(project);
  return useMutation({
    mutationFn: ({ member, role }: { member: string; role: Schema<"Role"> }) =>
      take(
        api.PUT("/api/projects/{id}/members/{member}", {
          params: { path: { id: project, member } },
          body: { role },
        }),
      ),
    // One's own role may be the one that changed.
    onSuccess: () => stale(projectKey(project), listKey),
  });
}

/** Whoever leaves has nothing to ask for in the project afterwards. */
export function useRemoveMember(project: string, leaving: boolean) {
  const stale = useStale(project);
  return useMutation({
    mutationFn: (member: string) =>
      take(api.DELETE("/api/projects/{id}/members/{member}", { params: { path: { id: project, member } } })),
    onSuccess: () => (leaving ? undefined : stale(membersKey(project))),
  });
}

export function useAddDomain(project: string) {
  const stale = useStale(project);
  return useMutation({
    mutationFn: (domain: string) => take(api.POST("/api/projects/{id}/domains", { ...at(project), body: { domain } })),
    onSuccess: () => stale(domainsKey(project)),
  });
}

export function useRemoveDomain(project: string) {
  const stale = useStale(project);
  return useMutation({
    mutationFn: (domain: string) =>
      take(api.DELETE("/api/projects/{id}/domains/{domain}", { params: { path: { id: project, domain } } })),
    onSuccess: () => stale(domainsKey(project)),
  });
}
