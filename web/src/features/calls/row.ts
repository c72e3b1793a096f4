/** A call as the log's list holds it: without its texts, of which there may be 64 KB each. */
import type { Schema } from "@/api/client";

type Call = Schema<"Invocation">;

export interface CallRow {
  id: string;
  functionId: string;
  functionName: string | undefined;
  at: string;
  status: Schema<"CallStatus">;
  method: string | null;
  path: string | null;
  us: number;
  cold: boolean;
  version: number;
  /** What the call says of itself in one line: its error, what it printed, or its result. */
  line: string;
}

const lineMax = 240;
const before = 40;

/** `q` is the text that is searched for: when only another text of the call has it, that one is shown. */
export function toRow(call: Call, q = ""): CallRow {
  return {
    id: call.id,
    functionId: call.function_id,
    functionName: call.function_name,
    at: call.created_at,
    status: call.status,
    method: call.http_method,
    path: call.http_path,
    us: call.duration_us,
    cold: call.cold_start,
    version: call.version,
    line: lineOf(call, q),
  };
}

function lineOf(call: Call, q: string): string {
  const own = firstLine(call.error || call.output || call.stdout || call.stderr);
  if (!q || indexOfText(own, q) >= 0) return detach(own);
  for (const name of ["error", "stdout", "stderr", "output", "input"] as const) {
    const at = indexOfText(call[name] ?? "", q);
    if (at >= 0) return detach(`${name}: ${around(call[name] ?? "", at)}`);
  }
  return detach(own);
}

function firstLine(text: string): string {
  const start = text.search(/\S/);
  if (start < 0) return "";
  const end = text.indexOf("\n", start);
  return text.slice(start, Math.min(end < 0 ? text.length : end, start + lineMax));
}

function around(text: string, at: number): string {
  const line = text.lastIndexOf("\n", at) + 1;
  const start = Math.max(line, at - before);
  return (start > line ? "…" : "") + firstLine(text.slice(start, start + lineMax));
}

/** A copy: a mere piece of a text would keep all of it in memory. */
function detach(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

/** Where the server finds it, too: small and capital ASCII letters are alike, all else is as it is. */
export function indexOfText(text: string, q: string, from = 0): number {
  return lower(text).indexOf(lower(q), from);
}

/** Keeps every character's place, which toLowerCase() does not for some. */
export function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
