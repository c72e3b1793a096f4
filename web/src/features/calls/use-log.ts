import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { isFull, type Log, withNewer, withOlder } from "./log-data";
import { type Filters, queryOf, untilOf, withQuery } from "./log-search";
import { callsPage, callsPath, logKey, logQuery, olderCalls, type Scope } from "./queries";
import { type CallRow, toRow } from "./row";
import { followTail, type TailState } from "./tail";

const batchMs = 100; // what comes meanwhile is drawn at once
const settleMs = 600; // while filters are being picked

/** The calls that fit the filters: the newest, older ones on demand, and with `live` those that end from now on. Both
 * arguments must stay the same objects as long as they say the same. */
export function useLog(scope: Scope, filters: Filters, live: boolean) {
  // The rows of the filters before stay until those of the new ones are there.
  const query = useQuery({ ...logQuery(scope, filters), placeholderData: (before: Log | undefined) => before });
  const ready = query.isSuccess && !query.isPlaceholderData && !query.isFetching;
  const tail = useTail(scope, filters, live && ready, query.dataUpdatedAt);
  return { query, tail, ready };
}

/** Fetches what is older than the calls of a log, as long as there is some and there is room for it. */
export function useOlder(scope: Scope, filters: Filters, log: Log) {
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (before: string) => olderCalls(scope, filters, before, log.since),
    onSuccess: (page, before) => change(client, scope, filters, (now) => withOlder(now, before, page)),
  });
  const next = isFull(log) ? undefined : log.next;
  const load = () => next && !isPending && mutate(next);
  return { next, load, error };
}

function change(client: QueryClient, scope: Scope, filters: Filters, to: (log: Log) => Log) {
  client.setQueryData<Log>(logKey(scope, filters), (log) => log && to(log));
}

function useTail(scope: Scope, filters: Filters, on: boolean, asOf: number): TailState {
  const client = useQueryClient();
  const [state, setState] = useState<TailState>({ name: "connecting" });
  const followed = useRef(filters);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asOf counts when it begins; with each row there is a new one
  useEffect(() => {
    if (!on) return;
    const key = logKey(scope, filters);
    const add = (rows: CallRow[]) => change(client, scope, filters, (log) => withNewer(log, rows));
    const batch = makeBatch(add);
    const stop = followTail({
      // Calls that end from now on are in every span that ends now.
      url: withQuery(`${callsPath(scope)}/tail`, queryOf(filters, undefined)),
      newest: () => client.getQueryData<Log>(key)?.rows[0]?.id,
      asOf,
      // The server bounds the tails of an account, and notices only after some seconds that one was left.
      delayMs: followed.current === filters ? 0 : settleMs,
      onState: setState,
      onCall: (call) => batch.add(toRow(call, filters.q)),
      onBlind: () => {
        const since = client.getQueryData<Log>(key)?.since;
        void callsPage(scope, queryOf(filters, since)).then(
          (page) => add(page.rows.reverse()),
          () => {}, // the list says so when it is read again
        );
      },
      onGap: () => void client.refetchQueries({ queryKey: key, exact: true }),
    });
    followed.current = filters;
    return () => {
      stop();
      batch.flush();
    };
  }, [client, scope, filters, on]);
  return state;
}

function makeBatch(add: (rows: CallRow[]) => void) {
  let waiting: CallRow[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length > 0) add(waiting);
    waiting = [];
  };
  return {
    flush,
    add: (row: CallRow) => {
      waiting.push(row);
      timer ??= setTimeout(flush, batchMs);
    },
  };
}

/** A log that ends at a time has nothing to follow. */
export const canFollow = (filters: Filters) => !untilOf(filters);
