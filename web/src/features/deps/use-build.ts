import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { toast } from "@/components/toaster";
import { useStable } from "@/lib/use-stable";
import { type Build, buildKey, buildQuery, isUnderWay, useStaleBuilds } from "./queries";
import { watchBuild } from "./watch";

const batchMs = 100; // what comes meanwhile is drawn at once

interface Heard {
  log: string;
  progress?: Schema<"BuildProgress">;
}

/** A build with its log; while it is under way as far as it has come. */
export function useBuild(project: string, id: string) {
  const query = useQuery(buildQuery(project, id));
  const live = query.data !== undefined && isUnderWay(query.data);
  const heard = useHeard(project, id, live);
  const log = live || query.data?.log === null ? heard.log : query.data?.log;
  return { query, live, log: log ?? "", progress: (live && heard.progress) || query.data?.progress };
}

/** What the server tells of a build while `on`. When it has ended, everything that it changes is asked for anew. */
function useHeard(project: string, id: string, on: boolean): Heard {
  const client = useQueryClient();
  const stale = useStaleBuilds(project);
  const [heard, setHeard] = useState<Heard>({ log: "" });
  const end = useStable((build: Build, log: string) => {
    client.setQueryData(buildKey(project, id), { ...build, log });
    stale();
    if (build.status === "succeeded") toast.done("The packages are ready: the next calls have them");
  });
  useEffect(() => {
    if (!on) return;
    const now: Heard = { log: "" };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setHeard({ ...now });
      }, batchMs);
    };
    const stop = watchBuild({
      url: `/api/projects/${encodeURIComponent(project)}/builds/${encodeURIComponent(id)}/events`,
      onStart: () => {
        now.log = "";
      },
      onLog: (text) => {
        now.log += text;
        draw();
      },
      onProgress: (progress) => {
        now.progress = progress;
        draw();
      },
      onDone: (build) => end(build, now.log),
      onRefused: (error) => toast.error(error.message),
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [project, id, on, end]);
  return heard;
}
