/** What the log takes from its URL, and what becomes of it in a request. */
import { callStatuses } from "@/components/call-status";
import { choiceParam, choicesParam, numberParam, type SearchValues, textParam } from "@/lib/search";

export const logSearch = {
  q: textParam(),
  status: choicesParam(...callStatuses),
  span: choiceParam("all", "15m", "1h", "24h", "7d", "between"),
  from: textParam(),
  to: textParam(),
  source: choiceParam("any", "direct", "gateway"),
  cold: choiceParam("any", "true", "false"),
  version: numberParam(),
  function: textParam(),
  live: choiceParam("on", "off"),
  call: textParam(),
  /** The function of `call`, where the log is of several. */
  of: textParam(),
};

export type LogSearch = SearchValues<typeof logSearch>;
export type Span = LogSearch["span"];
export type Filters = Omit<LogSearch, "live" | "call" | "of">;

export const noFilters: Filters = {
  q: "",
  status: [],
  span: "all",
  from: "",
  to: "",
  source: "any",
  cold: "any",
  version: undefined,
  function: "",
};

/** The filters alone, in a fixed order. */
export function filtersOf(search: LogSearch): Filters {
  const { q, status, span, from, to, source, cold, version, function: name } = search;
  return { q, status, span, from, to, source, cold, version, function: name };
}

/** How many are set; the search has a place of its own. */
export function filterCount(filters: Filters): number {
  const { status, source, cold, version, function: name } = filters;
  return [status.length > 0, source !== "any", cold !== "any", version !== undefined, name].filter(Boolean).length;
}

export function isFiltered(filters: Filters): boolean {
  return filterCount(filters) > 0 || filters.q !== "" || filters.span !== "all";
}

const spans: Partial<Record<Span, number>> = { "15m": 15, "1h": 60, "24h": 24 * 60, "7d": 7 * 24 * 60 };

/** When the span of time begins. */
export function sinceOf(filters: Filters, now: number): string | undefined {
  const minutes = spans[filters.span];
  return minutes
    ? new Date(now - minutes * 60_000).toISOString()
    : filters.span === "between"
      ? instant(filters.from)
      : undefined;
}

export function untilOf(filters: Filters): string | undefined {
  return filters.span === "between" ? instant(filters.to) : undefined;
}

/** Leaves out what is no time: somebody may have written the URL. */
function instant(text: string): string | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

export interface CallsQuery {
  q?: string;
  status?: string;
  since?: string;
  until?: string;
  source?: string;
  cold?: boolean;
  version?: number;
  function?: string;
}

/** As the server takes them. */
export function queryOf(filters: Filters, since: string | undefined): CallsQuery {
  const until = untilOf(filters);
  return {
    ...(filters.q && { q: filters.q }),
    ...(filters.status.length > 0 && { status: filters.status.join(",") }),
    ...(since && { since }),
    ...(until && { until }),
    ...(filters.source !== "any" && { source: filters.source }),
    ...(filters.cold !== "any" && { cold: filters.cold === "true" }),
    ...(filters.version && { version: filters.version }),
    ...(filters.function && { function: filters.function }),
  };
}

export function withQuery(path: string, query: CallsQuery): string {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}
