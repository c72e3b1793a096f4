import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { functionKey } from "@/api/queries";
import { filesKey, versionsKey } from "../versions/queries";
import { type OpenFile, type ServerFile, saveBody } from "./files";
import type { Workspace } from "./workspace";

export const inputsKey = (id: string) => [...functionKey(id), "inputs"] as const;
export const loadKey = (id: string, version: number) => [...functionKey(id), "load", version] as const;
export const previousKey = (id: string, version: number) => [...functionKey(id), "previous", version] as const;
export const panelKey = (id: string) => [...functionKey(id), "panel"] as const;

interface Deploy {
  files: OpenFile[];
  /** The version that the server is asked to put this one behind. */
  version: number;
  /** Writes every file, whatever the active version has. */
  whole?: boolean;
  /** Hears first that it is saved, before anything is drawn anew. */
  onSaved: () => void;
}

/** Saves files as a new version that is active at once. */
export function useDeploy(workspace: Workspace) {
  const client = useQueryClient();
  const id = workspace.id;
  return useMutation({
    mutationFn: async ({ files, version, whole, onSaved }: Deploy) => {
      const body = { files: saveBody(files, workspace.base(), whole), base_version: version };
      const fn = await take(api.PUT("/api/functions/{id}", { params: { path: { id } }, body }));
      onSaved();
      await later(0); // a call that waited is on its way by then: drawing takes longer than asking
      return fn;
    },
    onSuccess: (fn, { files }) => {
      client.setQueryData(functionKey(id), fn);
      client.setQueryData(filesKey(id, fn.active_version), asFiles(fn, files));
      workspace.deployed(fn.active_version, files);
      void client.invalidateQueries({ queryKey: versionsKey(id) });
    },
  });
}

/** What the server has now: nobody need ask. */
function asFiles(fn: Schema<"Function">, files: OpenFile[]): Schema<"FunctionFiles"> {
  const texts = new Map(files.map((file) => [file.path, file.text]));
  const saved: ServerFile[] = fn.files.map((file) => ({ ...file, text: texts.get(file.path) ?? null }));
  return { function_id: fn.id, version: fn.active_version, files: saved };
}

/** Whether the active version loads; the answer stays known for as long as this page is open. */
export function useLoad(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.POST("/api/functions/{id}/load", { params: { path: { id } } })),
    onSuccess: (result) => client.setQueryData(loadKey(id, result.version), result),
  });
}

export const loadResultQuery = (id: string, version: number) =>
  queryOptions<Schema<"LoadResult">>({ queryKey: loadKey(id, version), enabled: false, gcTime: 3_600_000 });

/** `input` is JSON text and goes out as it was written: numbers keep all their digits. */
export function useCall(id: string) {
  return useMutation({
    mutationFn: async (input: string) => {
      const result = await take(
        api.POST("/api/invoke/{id}", {
          params: { path: { id } },
          body: {},
          bodySerializer: () => `{"input":${input}}`,
          headers: { "Content-Type": "application/json", Accept: "application/json" },
        }),
      );
      return result as Schema<"InvokeResult">; // events are for who asks for them
    },
  });
}

export const recordQuery = (id: string, call: string) =>
  queryOptions({
    queryKey: [...functionKey(id), "invocations", call],
    queryFn: async () => {
      await later(120); // records are written in batches, a moment after the answer
      return take(api.GET("/api/functions/{id}/invocations/{call}", { params: { path: { id, call } } }));
    },
    retry: 6,
    retryDelay: 150,
    staleTime: Number.POSITIVE_INFINITY,
  });

const later = (ms: number) => new Promise((done) => setTimeout(done, ms));

export const inputsQuery = (id: string) =>
  queryOptions({
    queryKey: inputsKey(id),
    queryFn: () => take(api.GET("/api/functions/{id}/inputs", { params: { path: { id } } })),
  });

type Inputs = Schema<"SavedInput">[];

export function useSaveInput(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, input }: { name: string; input: string }) =>
      take(
        api.PUT("/api/functions/{id}/inputs/{name}", {
          params: { path: { id, name } },
          body: { input: undefined },
          bodySerializer: () => `{"input":${input}}`,
          headers: { "Content-Type": "application/json" },
        }),
      ),
    onSuccess: (saved) =>
      client.setQueryData<Inputs>(inputsKey(id), (old = []) =>
        [...old.filter((each) => each.name !== saved.name), saved].sort((a, b) => (a.name < b.name ? -1 : 1)),
      ),
  });
}

export function useRemoveInput(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      take(api.DELETE("/api/functions/{id}/inputs/{name}", { params: { path: { id, name } } })),
    onSuccess: (_, name) =>
      client.setQueryData<Inputs>(inputsKey(id), (old = []) => old.filter((each) => each.name !== name)),
  });
}
