import { useMemo } from "react";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { QueryView } from "@/components/query-view";
import { useSearch } from "@/lib/search";
import { useShortcut } from "@/lib/shortcuts";
import { CallList } from "./components/call-list";
import { CallPanel } from "./components/call-panel";
import { ListEnd } from "./components/list-end";
import { LogToolbar } from "./components/log-toolbar";
import { NoCalls } from "./components/no-calls";
import { useRoom } from "./components/use-room";
import { isFull, type Log } from "./log-data";
import { type Filters, filtersOf, isFiltered, logSearch, noFilters } from "./log-search";
import type { Scope } from "./queries";
import type { CallRow } from "./row";
import { useCallAddress } from "./use-call-address";
import { canFollow, useLog, useOlder } from "./use-log";

/** The calls of a function, of a project, or of everything one may see: as they come, and those that were. */
export function LogPage({ scope }: { scope: Scope }) {
  const stable = useStable(scope);
  return (
    <>
      {!scope.function && !scope.project && (
        <PageHeader title="Log" description="The calls of all functions that you may see" />
      )}
      <LogView key={`${scope.project}/${scope.function}`} scope={stable} />
    </>
  );
}

/** The same object as long as it says the same. */
function useStable<Value>(value: Value): Value {
  const text = JSON.stringify(value);
  return useMemo(() => JSON.parse(text) as Value, [text]);
}

function LogView({ scope }: { scope: Scope }) {
  const [search, change] = useSearch(logSearch);
  const filters = useStable(filtersOf(search));
  const canLive = canFollow(filters);
  const live = canLive && search.live === "on";
  const log = useLog(scope, filters, live);
  const room = useRoom();
  return (
    <div className="grid gap-3">
      <h2 className="sr-only">Calls</h2>
      <LogToolbar
        scope={scope}
        filters={filters}
        onFilters={change}
        since={log.query.data?.since}
        live={{
          on: search.live === "on",
          state: live ? log.tail.name : "paused",
          disabled: !canLive,
          onChange: (on) => change({ live: on ? "on" : "off" }),
        }}
      />
      {live && log.tail.name === "refused" && <ErrorNote error={`New calls cannot be shown: ${log.tail.why}`} />}
      <div ref={room.ref} className="relative flex gap-4" style={{ height: room.height }}>
        <div className="flex min-w-0 grow flex-col">
          <QueryView
            query={log.query}
            skeleton={<div className="animate-pulse rounded-lg bg-muted" style={{ height: room.height }} />}
            isEmpty={(data: Log) => data.rows.length === 0 && !data.next}
            empty={
              <NoCalls scope={scope} filtered={isFiltered(filters)} live={live} onClear={() => change(noFilters)} />
            }
          >
            {(data) => <Calls key={data.loading} scope={scope} filters={filters} log={data} ready={log.ready} />}
          </QueryView>
        </div>
        <OpenCall scope={scope} rows={log.query.data?.rows ?? noRows} q={filters.q} />
      </div>
    </div>
  );
}

const noRows: CallRow[] = [];

interface CallsProps {
  scope: Scope;
  filters: Filters;
  log: Log;
  /** These are the calls that fit the filters, not those of the filters before. */
  ready: boolean;
}

function Calls({ scope, filters, log, ready }: CallsProps) {
  const { call, href, open } = useCallAddress(scope);
  const older = useOlder(scope, filters, log);
  const onEnd = () => {
    if (ready && !older.error) older.load();
  };
  return (
    <CallList
      rows={log.rows}
      several={!scope.function}
      q={filters.q}
      selected={call}
      href={href}
      onOpen={open}
      onEnd={onEnd}
      end={<ListEnd more={older.next !== undefined} full={isFull(log)} error={older.error} onRetry={older.load} />}
    />
  );
}

function OpenCall({ scope, rows, q }: { scope: Scope; rows: CallRow[]; q: string }) {
  const { call, of, open, close } = useCallAddress(scope);
  const at = rows.findIndex((row) => row.id === call);
  const row = rows[at];
  const move = (step: 1 | -1) => {
    // The address is ahead of what is drawn when keys come quickly.
    const now = new URLSearchParams(location.search).get("call");
    const next = rows[rows.findIndex((each) => each.id === now) + step];
    if (next) open(next);
  };
  useShortcut("j", "Next call", () => move(1));
  useShortcut("k", "Call before", () => move(-1));
  if (!call) return null;
  return (
    <CallPanel
      id={call}
      functionId={scope.function ?? row?.functionId ?? (of || undefined)}
      row={row}
      q={q}
      onClose={close}
      onMove={move}
      canMove={{ up: at > 0, down: at + 1 < rows.length }}
    />
  );
}
