/** Follows a tail of calls and connects anew when it breaks.
 *
 * Not by EventSource: that hides what the server answers when it refuses, does not notice a connection on which nothing comes
 * any more, and asks with the `after` of its first request again, so that all since then would come twice. */
import type { Schema } from "@/api/client";
import { ApiError } from "@/api/error";
import { EventReader } from "@/lib/sse";

export type TailState =
  | { name: "connecting" | "live" | "reconnecting" }
  /** The server refuses, and will again. */
  | { name: "refused"; why: string };

interface TailOptions {
  url: string;
  /** The newest call that is known. */
  newest: () => string | undefined;
  /** When that was last known to be the newest. */
  asOf: number;
  /** To wait first, because it may be ended again at once. */
  delayMs: number;
  onState: (state: TailState) => void;
  onCall: (call: Schema<"Invocation">) => void;
  /** It is open, but no call is known behind which it goes on: those that came before now are in the list only. */
  onBlind: () => void;
  /** Too much is missing: the list is to be read anew, and a new tail to be opened then. */
  onGap: () => void;
}

const silentMs = 45_000; // the server says something every 15 s
const stale = 5 * 60_000; // after a laptop's sleep: reading the list anew is quicker than all that came meanwhile
const backoffMs = [200, 500, 1000, 2000, 5000];

/** Returns what ends it. */
export function followTail(options: TailOptions): () => void {
  const stop = new AbortController();
  void follow(options, stop.signal);
  return () => stop.abort();
}

async function follow(options: TailOptions, stop: AbortSignal) {
  let heard = options.asOf;
  let failures = 0;
  options.onState({ name: "connecting" });
  if (options.delayMs) await pause(options.delayMs, stop);
  while (!stop.aborted) {
    const known = options.newest();
    if (Date.now() - heard > stale) return options.onGap();
    const onPiece = () => {
      heard = Date.now();
      failures = 0;
    };
    const error = await connect(options, known, onPiece, stop).catch((error: unknown) => error);
    if (stop.aborted) return;
    if (isRefusal(error)) return options.onState({ name: "refused", why: error.message });
    options.onState({ name: "reconnecting" });
    await pause(backoffMs[Math.min(failures++, backoffMs.length - 1)] ?? 0, stop);
  }
}

/** Resolves when the connection ends. */
async function connect(options: TailOptions, known: string | undefined, onPiece: () => void, stop: AbortSignal) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silentMs);
  try {
    const response = await fetch(options.url, {
      headers: { Accept: "text/event-stream", ...(known && { "Last-Event-ID": known }) },
      signal: AbortSignal.any([stop, silence.signal]),
    });
    if (!response.ok || !response.body) throw new ApiError(response.status, await detail(response));
    options.onState({ name: "live" });
    if (!known) options.onBlind();
    const reader = new EventReader();
    const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silentMs);
      onPiece();
      for (const event of reader.read(piece.value)) hear(options, event.name, event.data);
    }
  } finally {
    clearTimeout(timer);
  }
}

function hear(options: TailOptions, name: string, data: string) {
  if (name === "message") options.onCall(JSON.parse(data) as Schema<"Invocation">);
  else if (name === "gap") options.onGap();
}

async function detail(response: Response): Promise<unknown> {
  return ((await response.json().catch(() => undefined)) as { detail?: unknown } | undefined)?.detail;
}

/** Too many tails at once (429) will be fewer. */
function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}

/** Ends early when the browser is connected again. */
function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      stop.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, ms);
    window.addEventListener("online", end);
    stop.addEventListener("abort", end);
  });
}
