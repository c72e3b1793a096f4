/** Follows a build until it ends. The server tells it from its first line on each time, so a connection that breaks is just
 * made anew and what was heard before is forgotten. */
import type { Schema } from "@/api/client";
import { ApiError } from "@/api/error";
import { EventReader } from "@/lib/sse";

export interface WatchOptions {
  url: string;
  /** A connection begins: what comes now is told from the start. */
  onStart: () => void;
  onLog: (text: string) => void;
  onProgress: (progress: Schema<"BuildProgress">) => void;
  onDone: (build: Schema<"Build">) => void;
  /** The server refuses, and will again. */
  onRefused: (error: ApiError) => void;
}

const backoffMs = [200, 500, 1000, 2000, 5000];

/** Returns what ends it. */
export function watchBuild(options: WatchOptions): () => void {
  const stop = new AbortController();
  void follow(options, stop.signal);
  return () => stop.abort();
}

async function follow(options: WatchOptions, stop: AbortSignal) {
  for (let failures = 0; !stop.aborted; failures++) {
    const end = await connect(options, stop).catch((error: unknown) => error);
    if (end === "done" || stop.aborted) return;
    if (end instanceof ApiError && end.status >= 400 && end.status < 500 && end.status !== 429)
      return options.onRefused(end);
    await pause(backoffMs[Math.min(failures, backoffMs.length - 1)] ?? 0, stop);
  }
}

async function connect(options: WatchOptions, stop: AbortSignal): Promise<"done" | "broken"> {
  const response = await fetch(options.url, { headers: { Accept: "text/event-stream" }, signal: stop });
  if (!response.ok || !response.body) {
    const answer = (await response.json().catch(() => undefined)) as { detail?: unknown } | undefined;
    throw new ApiError(response.status, answer?.detail);
  }
  options.onStart();
  const reader = new EventReader();
  const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await pieces.read(); !piece.done; piece = await pieces.read())
    for (const event of reader.read(piece.value)) if (hear(options, event.name, event.data)) return "done";
  return "broken";
}

/** True when it was the last. */
function hear(options: WatchOptions, name: string, data: string): boolean {
  if (name === "log") options.onLog((JSON.parse(data) as { text: string }).text);
  else if (name === "progress") options.onProgress(JSON.parse(data) as Schema<"BuildProgress">);
  else if (name === "done") options.onDone(JSON.parse(data) as Schema<"Build">);
  return name === "done";
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    stop.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}
