import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Schema } from "@/api/client";
import { ApiError } from "@/api/error";
import { functionKey, functionQuery } from "@/api/queries";
import { toast } from "@/components/toaster";
import { useStable } from "@/lib/use-stable";
import { compareFiles } from "../versions/compare";
import { filesQuery, useActivate } from "../versions/queries";
import { loadResultQuery, previousKey, useDeploy, useLoad } from "./queries";
import type { Workspace } from "./workspace";
import { useSnapshot } from "./workspace-hooks";

export type Deployment = ReturnType<typeof useDeployment>;

/** From the editor to what answers calls, and back. */
export function useDeployment(fn: Schema<"Function">, workspace: Workspace) {
  const client = useQueryClient();
  const { version, changed } = useSnapshot(workspace);
  const save = useDeploy(workspace);
  const load = useLoad(fn.id);
  const [conflict, setConflict] = useState(false);
  const saving = useRef<Promise<void>>(undefined);
  const calling = useRef<Promise<unknown>>(undefined);
  const loaded = useQuery(loadResultQuery(fn.id, fn.active_version)).data;
  const previous = client.getQueryData<number>(previousKey(fn.id, fn.active_version));

  /** Somebody else may have deployed meanwhile: that is asked about, anything else is an error. */
  const refused = async (error: Error) => {
    if (!(error instanceof ApiError) || error.status !== 409) return;
    const now = await client.fetchQuery({ ...functionQuery(fn.id), staleTime: 0 });
    if (now.active_version === workspace.snapshot().version) return;
    const { files } = await client.fetchQuery(filesQuery(fn.id, now.active_version));
    save.reset();
    // It may be what we sent ourselves: the server took it, and its answer was lost.
    const mine = workspace.files();
    if (compareFiles(files, mine).length === 0) workspace.replace(now.active_version, files, mine);
    else setConflict(true);
  };
  const send = async (over: number | undefined, onSaved: () => void) => {
    const files = workspace.files();
    const before = over ?? workspace.snapshot().version;
    const now = await save.mutateAsync({ files, version: before, whole: over !== undefined, onSaved });
    client.setQueryData(previousKey(fn.id, now.active_version), before);
    setConflict(false);
    await calling.current; // a call loads too, and should not have to share the processor
    load.mutate();
  };
  const deploy = (over?: number) => {
    if (save.isPending) return;
    if (over === undefined && changed.size === 0) {
      toast.done(`Version ${version} is what you see: there is nothing to deploy.`);
      return;
    }
    saving.current = new Promise((saved, failed) => {
      send(over, saved).catch((error: Error) => {
        failed(error);
        saving.current = undefined;
        void refused(error).catch(() => undefined); // the error of the save is there
      });
    });
    saving.current.catch(() => undefined);
  };
  /** Makes a call once what is being saved is saved; not at all when that fails. */
  const call = <Result>(make: () => Promise<Result>): Promise<Result> => {
    const made = (saving.current ?? Promise.resolve()).then(make);
    calling.current = made.catch(() => undefined);
    return made;
  };
  return {
    version,
    changed,
    deploy,
    saving: save.isPending,
    loading: load.isPending,
    error: save.error ?? load.error,
    conflict,
    setConflict,
    call: useStable(call),
    failed: loaded && !loaded.loaded ? loaded : undefined,
    loaded,
    previous,
    rollBack: useRollBack(fn, workspace),
  };
}

/** Makes an earlier version answer calls and leaves the text in the editor alone: it is then work that is not deployed. */
function useRollBack(fn: Schema<"Function">, workspace: Workspace) {
  const client = useQueryClient();
  const activate = useActivate(fn.id);
  const to = async (version: number) => {
    const mine = workspace.files();
    const { files } = await client.ensureQueryData(filesQuery(fn.id, version));
    await activate.mutateAsync(version);
    workspace.replace(version, files, mine);
  };
  const run = (version: number) =>
    to(version).then(
      () => toast.done(`Version ${version} answers calls again. Your code is still here, not deployed.`),
      (error: Error) => toast.error(error.message),
    );
  return { run, pending: activate.isPending };
}

/** Work that has not begun follows the active version; work that has is told of it by the page. */
export function useFollow(fn: Schema<"Function">, workspace: Workspace) {
  const client = useQueryClient();
  const untouched = useSnapshot(workspace).changed.size === 0;
  const { id, active_version } = fn;
  useEffect(() => {
    // What is drawn may be behind what is known: our own deploy is no news.
    const active = client.getQueryData<Schema<"Function">>(functionKey(id))?.active_version ?? active_version;
    const mayFollow = () => workspace.snapshot().changed.size === 0 && workspace.snapshot().version !== active;
    if (!untouched || !mayFollow()) return;
    let here = true;
    void client.fetchQuery(filesQuery(id, active)).then(
      ({ files }) => here && mayFollow() && workspace.replace(active, files),
      () => undefined, // the page says that another version is active
    );
    return () => {
      here = false;
    };
  }, [client, id, workspace, active_version, untouched]);
}
