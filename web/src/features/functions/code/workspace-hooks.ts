import { useEffect, useState, useSyncExternalStore } from "react";
import type { Monaco } from "@/components/editor/load";
import type { OpenFile } from "./files";
import { type Snapshot, Workspace } from "./workspace";

/** A workspace for as long as the component is there; undefined before its first effect. */
export function useWorkspace(
  monaco: Monaco,
  id: string,
  version: number,
  base: OpenFile[],
  draft: OpenFile[] | undefined,
) {
  const [workspace, setWorkspace] = useState<Workspace>();
  // Later answers do not touch work that has begun: the page says that there is another version.
  const [first] = useState({ version, base, draft });
  useEffect(() => {
    const made = new Workspace(monaco, id, first.version, first.base, first.draft);
    window.addEventListener("pagehide", made.saveDraft);
    setWorkspace(made);
    return () => {
      window.removeEventListener("pagehide", made.saveDraft);
      made.dispose();
      setWorkspace(undefined);
    };
  }, [monaco, id, first]);
  return workspace;
}

export const useSnapshot = (workspace: Workspace): Snapshot =>
  useSyncExternalStore(workspace.subscribe, workspace.snapshot);
