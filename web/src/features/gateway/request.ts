/** Real requests to the gateway, as anybody would send them. */

export interface Outgoing {
  method: string;
  url: string;
  /** "Name: value" lines. */
  headers: string;
  body: string;
}

export interface Reply {
  status: number;
  headers: [string, string][];
  text: string;
  bytes: number;
  /** Until the headers came, and until the last byte. */
  firstMs: number;
  ms: number;
  /** All of it is here. */
  done: boolean;
}

export const takesBody = (method: string) => ["POST", "PUT", "PATCH"].includes(method);

/** The lines that are headers; a body is JSON if it reads as such, unless a header says what it is. */
export function requestHeaders({ method, headers, body }: Outgoing): Headers {
  const all = new Headers();
  for (const line of headers.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) all.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  if (takesBody(method) && body && !all.has("content-type"))
    all.set("content-type", isJson(body) ? "application/json" : "text/plain; charset=utf-8");
  return all;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const textMax = 1_000_000;

/** Sends it, and tells of the answer as it comes. */
export async function send(outgoing: Outgoing, signal: AbortSignal, onReply: (reply: Reply) => void) {
  const start = performance.now();
  const response = await fetch(outgoing.url, {
    method: outgoing.method,
    headers: requestHeaders(outgoing),
    ...(takesBody(outgoing.method) && outgoing.body && { body: outgoing.body }),
    cache: "no-store",
    signal,
  });
  const firstMs = performance.now() - start;
  const { status } = response;
  let reply: Reply = { status, headers: [...response.headers], text: "", bytes: 0, firstMs, ms: firstMs, done: false };
  onReply(reply);
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const piece = await reader?.read();
    const text = reply.text + decoder.decode(piece?.value, { stream: !piece?.done });
    const bytes = reply.bytes + (piece?.value?.length ?? 0);
    const done = piece?.done ?? true;
    reply = { ...reply, text: text.slice(0, textMax), bytes, ms: performance.now() - start, done };
    onReply(reply);
    if (done) return;
  }
}

/** JSON with line breaks, everything else as it is. */
export function readable(reply: Reply): string {
  const type = reply.headers.find(([name]) => name === "content-type")?.[1] ?? "";
  if (!reply.done || !type.includes("json")) return reply.text;
  try {
    return JSON.stringify(JSON.parse(reply.text), null, 2);
  } catch {
    return reply.text;
  }
}

/** The path behind the gateway's own, of what may be a whole URL that was pasted. */
export function pathOf(text: string, gateway: string): string {
  const path = text.trim().replace(/^https?:\/\/[^/]*/, "");
  if (path === gateway || path.startsWith(`${gateway}/`)) return path.slice(gateway.length) || "/";
  return path === "" || path.startsWith("/") ? path : `/${path}`;
}
