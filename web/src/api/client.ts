import createClient from "openapi-fetch";
import { ApiError, OfflineError } from "./error";
import type { components, paths } from "./schema.gen";

/** Shapes of the contract: `Schema<"Function">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new OfflineError();
  }
}

export const api = createClient<paths>({ baseUrl: "", fetch: reach });

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of an answer; throws an ApiError with the server's own text when there is none. */
export async function take<Data>(answer: Promise<Answer<Data>>): Promise<NonNullable<Data>> {
  const { data, error, response } = await answer;
  if (!response.ok || data === undefined || data === null) {
    const retryAfterS = Number(response.headers.get("Retry-After")) || undefined;
    throw new ApiError(response.status, (error as { detail?: unknown } | undefined)?.detail, retryAfterS);
  }
  return data;
}

export interface Page<Row> {
  rows: Row[];
  /** `before` of the next page; absent on the last one. */
  next?: string;
}

/** All pages of a list, one after the other. `soFar` gets the rows whenever there are more to come. */
export async function takeAll<Row>(
  ask: (before: string | undefined) => Promise<Answer<Row[]>>,
  soFar?: (rows: Row[]) => unknown,
): Promise<Row[]> {
  let { rows, next } = await takePage(ask(undefined));
  while (next) {
    soFar?.(rows);
    const page = await takePage(ask(next));
    rows = rows.concat(page.rows);
    next = page.next;
  }
  return rows;
}

/** One page of a list that goes on by its Link header. */
export async function takePage<Row>(answer: Promise<Answer<Row[]>>): Promise<Page<Row>> {
  const awaited = await answer;
  const rows = await take(Promise.resolve(awaited));
  const link = awaited.response.headers.get("Link")?.match(/<([^>]*)>;\s*rel="next"/)?.[1];
  const next = link ? new URL(link, location.origin).searchParams.get("before") : null;
  return next ? { rows, next } : { rows };
}
