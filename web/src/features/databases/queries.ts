import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { projectKey } from "@/api/queries";

export type Database = Schema<"Database">;
export type Table = Schema<"DatabaseTable">;
export type Result = Schema<"DatabaseResult">;

export const databaseKey = (project: string) => [...projectKey(project), "database"] as const;
export const tablesKey = (project: string) => [...databaseKey(project), "tables"] as const;
export const backupsKey = (project: string) => [...databaseKey(project), "backups"] as const;

export const ROWS_OF_PAGE = 100;
export const ROWS_OF_QUERY = 1000;

const at = (id: string) => ({ params: { path: { id } } });
const atBackup = (id: string, backup: string) => ({ id, backup });

/** Asked for often while it is being made, and now and then for its size and connections. */
export const databaseQuery = (project: string) =>
  queryOptions({
    queryKey: databaseKey(project),
    queryFn: () => take(api.GET("/api/projects/{id}/database", at(project))),
    refetchInterval: ({ state }) => {
      if (!state.data?.has_database) return false;
      return state.data.state === "provisioning" ? 1000 : 15_000;
    },
  });

export const tablesQuery = (project: string) =>
  queryOptions({
    queryKey: tablesKey(project),
    queryFn: () => take(api.GET("/api/projects/{id}/database/tables", at(project))),
  });

export const rowsQuery = (project: string, { schema, table }: TableName, page: number) =>
  queryOptions({
    queryKey: [...tablesKey(project), schema, table, page],
    queryFn: () =>
      take(
        api.GET("/api/projects/{id}/database/tables/{schema}/{table}", {
          params: {
            path: { id: project, schema, table },
            query: { limit: ROWS_OF_PAGE, offset: page * ROWS_OF_PAGE },
          },
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const backupsQuery = (project: string) =>
  queryOptions({
    queryKey: backupsKey(project),
    queryFn: () => take(api.GET("/api/projects/{id}/database/backups", at(project))),
  });

export interface TableName {
  schema: string;
  table: string;
}

/** Sets what the server says of the database now; the project says as well whether there is one. */
function useSetDatabase(project: string) {
  const client = useQueryClient();
  return (database: Database) => {
    client.setQueryData(databaseKey(project), database);
    void client.invalidateQueries({ queryKey: projectKey(project), exact: true });
  };
}

export function useProvision(project: string) {
  const set = useSetDatabase(project);
  return useMutation({
    mutationFn: () => take(api.POST("/api/projects/{id}/database/provision", { ...at(project), body: {} })),
    onSuccess: set,
  });
}

export function useDeprovision(project: string) {
  const client = useQueryClient();
  const set = useSetDatabase(project);
  return useMutation({
    mutationFn: (name: string) =>
      take(
        api.DELETE("/api/projects/{id}/database/deprovision", { params: { path: { id: project }, query: { name } } }),
      ),
    onSuccess: (database) => {
      client.removeQueries({ queryKey: tablesKey(project) });
      client.removeQueries({ queryKey: backupsKey(project) });
      set(database);
    },
  });
}

export function useRotate(project: string) {
  const set = useSetDatabase(project);
  return useMutation({
    mutationFn: () => take(api.POST("/api/projects/{id}/database/rotate", at(project))),
    onSuccess: set,
  });
}

/** No query and no mutation: a URL with its password is kept nowhere but where it is shown. */
export async function revealUrl(project: string): Promise<string> {
  return (await take(api.POST("/api/projects/{id}/database/reveal", at(project)))).database_url;
}

/** What has run may have changed anything: tables and sizes are asked for anew. */
export function useRunQuery(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ sql, readOnly }: { sql: string; readOnly: boolean }) =>
      take(
        api.POST("/api/projects/{id}/database/query", {
          ...at(project),
          body: { sql, limit: ROWS_OF_QUERY, timeout_ms: 30_000, read_only: readOnly },
        }),
      ),
    onSuccess: (_, { readOnly }) => {
      if (!readOnly) void client.invalidateQueries({ queryKey: databaseKey(project) });
    },
    gcTime: 0,
  });
}

export function useBackUp(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.POST("/api/projects/{id}/database/backups", at(project))),
    onSuccess: () => client.invalidateQueries({ queryKey: backupsKey(project) }),
  });
}

export function useRemoveBackup(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (backup: string) =>
      take(api.DELETE("/api/projects/{id}/database/backups/{backup}", { params: { path: atBackup(project, backup) } })),
    onSuccess: () => client.invalidateQueries({ queryKey: backupsKey(project) }),
  });
}

export function useRestore(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ backup, name }: { backup: string; name: string }) =>
      take(
        api.POST("/api/projects/{id}/database/backups/{backup}/restore", {
          params: { path: atBackup(project, backup), query: { name } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: databaseKey(project) }),
  });
}

/** Where a backup is fetched by the browser itself. */
export const backupUrl = (project: string, backup: string) =>
  `/api/projects/${encodeURIComponent(project)}/database/backups/${encodeURIComponent(backup)}`;
