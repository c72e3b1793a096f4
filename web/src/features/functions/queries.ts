import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { api, type Page, type Schema, take, takePage } from "@/api/client";
import { functionKey, functionsKey, projectKey, projectQuery, projectsKey } from "@/api/queries";
import { useProjectsSoFar } from "@/api/use-projects-so-far";

type Fn = Schema<"Function">;

export interface FunctionFilter {
  /** Id or slug; "" is for functions in no project, undefined for all. */
  project?: string | undefined;
  /** A part of the name. */
  q?: string | undefined;
}

const listsKey = [...functionsKey, "list"] as const;

/** The functions that a filter lets through, newest first, 100 at a time. */
export const functionListQuery = (filter: FunctionFilter) =>
  infiniteQueryOptions({
    queryKey: [...listsKey, filter],
    queryFn: ({ pageParam }) =>
      takePage(api.GET("/api/functions", { params: { query: { ...filter, limit: 100, before: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    select: rowsOf,
    placeholderData: keepPreviousData,
  });

const rowsOf = (data: InfiniteData<Page<Fn>>) => data.pages.flatMap((page) => page.rows);

/** All routes of a project. */
export const routesQuery = (project: string) =>
  queryOptions({
    queryKey: [...projectKey(project), "routes", "all"],
    queryFn: () => take(api.GET("/api/projects/{id}/routes", { params: { path: { id: project } } })),
  });

export const systemQuery = () =>
  queryOptions({ queryKey: ["system"], queryFn: () => take(api.GET("/api/system")), staleTime: 60_000 });

/** The project of a function, as far as it has one: from the list, or asked for while that is long and still coming. */
export function useHome(id: string | null | undefined) {
  const { data: list, complete, isPending } = useProjectsSoFar();
  const listed = id ? list?.find((each) => each.id === id || each.slug === id) : undefined;
  const isFar = Boolean(id && list && !listed && !complete);
  const asked = useQuery({ ...projectQuery(id ?? ""), enabled: isFar });
  const project = listed ?? (isFar ? asked.data : undefined);
  return { project, isPending: Boolean(id) && !project && isPending && (!list || asked.isPending) };
}

export function useProjectOf(id: string | null | undefined) {
  return useHome(id).project;
}

/** Viewers of a project see its functions and change nothing. */
export function useMayEdit(fn: Fn): boolean {
  return useProjectOf(fn.project_id)?.role !== "viewer";
}

/** Lists begin anew with their first page: fetching again all that was scrolled through would take long. */
function refreshLists(client: QueryClient) {
  client.setQueriesData<InfiniteData<Page<Fn>>>({ queryKey: listsKey }, (old) =>
    old?.pages ? { pages: old.pages.slice(0, 1), pageParams: old.pageParams.slice(0, 1) } : old,
  );
  void client.invalidateQueries({ queryKey: listsKey });
  void client.invalidateQueries({ queryKey: [...functionsKey, "find"] });
  void client.invalidateQueries({ queryKey: projectsKey });
}

export function useCreateFunction() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schema<"FunctionCreate">) => take(api.POST("/api/functions", { body })),
    onSuccess: (fn) => {
      client.setQueryData(functionKey(fn.id), fn);
      refreshLists(client);
    },
  });
}

/** What is sent is changed. A new version makes all that is known of the function's versions stale. */
export function useChangeFunction(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schema<"FunctionChange">) =>
      take(api.PUT("/api/functions/{id}", { params: { path: { id } }, body })),
    onSuccess: (fn) => {
      client.setQueryData(functionKey(id), fn);
      void client.invalidateQueries({ queryKey: functionKey(id), predicate: (query) => query.queryKey.length > 2 });
      refreshLists(client);
    },
  });
}

/** Shown at once, and taken back when the server refuses. */
export function useSwitchFunction(id: string) {
  const client = useQueryClient();
  const show = (status: Fn["status"]) =>
    client.setQueryData<Fn>(functionKey(id), (fn) => (fn ? { ...fn, status } : fn));
  return useMutation({
    mutationFn: (status: Fn["status"]) =>
      take(api.PUT("/api/functions/{id}", { params: { path: { id } }, body: { status } })),
    onMutate: async (status) => {
      await client.cancelQueries({ queryKey: functionKey(id), exact: true });
      show(status);
    },
    onError: (_, status) => show(status === "active" ? "inactive" : "active"),
    onSuccess: (fn) => {
      client.setQueryData(functionKey(id), fn);
      refreshLists(client);
    },
  });
}

export function useDeleteFunction(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE("/api/functions/{id}", { params: { path: { id } } })),
    onSuccess: () => refreshLists(client),
  });
}

/** A function with the same files and settings. Values of its own variables are known to nobody: those stay behind. */
export function useDuplicateFunction(fn: Fn) {
  const create = useCreateFunction();
  return useMutation({
    mutationFn: async ({ name, project }: { name: string; project: string | null }) => {
      const path = { id: fn.id, version: fn.active_version };
      const { files } = await take(api.GET("/api/functions/{id}/versions/{version}/files", { params: { path } }));
      const binary = files.filter((file) => file.text === null).map((file) => file.path);
      if (binary.length > 0)
        throw new Error(
          `${binary.slice(0, 3).join(", ")}: only text can be copied here. Deploy it with the command line.`,
        );
      return create.mutateAsync({
        ...settingsOf(fn),
        name,
        project_id: project,
        files: files.map(({ path, text, mode }) => ({ path, text: text ?? "", mode })),
      });
    },
  });
}

function settingsOf(fn: Fn) {
  const { description, runtime, handler, access, rate_limit, client_rate_limit } = fn;
  const { network_enabled, public_logs, limits, concurrency, queue, reuse, snapstart } = fn;
  return {
    ...{ description, runtime, handler, access, rate_limit, client_rate_limit },
    ...{ network_enabled, public_logs, limits, concurrency, queue, reuse, snapstart },
  };
}
