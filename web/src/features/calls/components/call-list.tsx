import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowUp } from "lucide-react";
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { plural } from "@/lib/format";
import type { CallRow as Row } from "../row";
import { CallRow, layoutOf, type RowLayout, rowHeight, tracksOf } from "./call-row";
import { useWidth } from "./use-room";

interface CallListProps {
  rows: Row[];
  /** Calls of more than one function. */
  several: boolean;
  q: string;
  selected: string;
  href: (row: Row) => string;
  onOpen: (row: Row) => void;
  /** Called when the end comes near; again with each new row count. */
  onEnd: () => void;
  /** What stands behind the last row. */
  end: ReactNode;
}

const nearEnd = 40;

/** The calls, newest at the top; only the rows in sight are in the page. */
export function CallList(props: CallListProps) {
  const { rows, several, q, selected, href, onOpen, onEnd, end } = props;
  const { ref: body, width } = useWidth(); // without the scroll bar
  const layout = layoutOf(width);
  const virtual = useVirtualizer({
    count: width > 0 ? rows.length : 0, // until it is known how they are laid out
    getScrollElement: () => body.current,
    estimateSize: () => rowHeight[layout],
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 10,
    initialRect: { width: 0, height: 600 },
  });
  const newCalls = useStandingStill(body, rows, rowHeight[layout], selected !== "");
  const items = virtual.getVirtualItems();
  const atEnd = (items.at(-1)?.index ?? 0) >= rows.length - nearEnd;
  // biome-ignore lint/correctness/useExhaustiveDependencies: with more rows the end may be near again
  useEffect(() => {
    if (atEnd) onEnd();
  }, [atEnd, rows.length, onEnd]);
  useSelectedInSight(rows, selected, virtual.scrollToIndex);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the heights are others in another layout
  useLayoutEffect(() => virtual.measure(), [layout]);
  const tabbable = items.some((item) => item.key === selected) ? selected : items[0]?.key;
  return (
    <div className="relative flex h-full min-w-0 grow flex-col overflow-hidden rounded-lg border bg-card">
      <NewCalls count={newCalls.count} onClick={newCalls.toTop} />
      <div role="table" aria-label="Calls" aria-rowcount={rows.length + 1} className="flex min-h-0 grow flex-col">
        <Header layout={layout} several={several} width={width} />
        <div
          ref={body}
          role="rowgroup"
          data-scroller=""
          onScroll={newCalls.onScroll}
          onClick={(event) => openClicked(event, rows, onOpen)}
          onKeyDown={(event) => moveFocus(event, virtual.scrollToIndex, rows.length)}
          className="min-h-0 grow overflow-y-scroll bg-card [overflow-anchor:none]"
        >
          <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
            {items.map(({ index, start, key }) => {
              const row = rows[index];
              if (!row) return null;
              return (
                <CallRow
                  key={key}
                  {...{ row, index, layout, several, q }}
                  top={start}
                  href={href(row)}
                  selected={key === selected}
                  tabbable={key === tabbable}
                />
              );
            })}
          </div>
          {end}
        </div>
      </div>
    </div>
  );
}

function Header({ layout, several, width }: { layout: RowLayout; several: boolean; width: number }) {
  const names = ["Time", "Status", "Message", "Duration"];
  if (layout === "wide") names.push("Version");
  if (layout === "wide" && several) names.splice(2, 0, "Function");
  return (
    <div role="rowgroup" className={cn("border-b bg-muted/50", layout === "phone" && "sr-only")}>
      <div
        role="row"
        className={cn(
          "grid h-9 items-center gap-x-3 px-3 text-[0.8125rem] text-muted-foreground sm:px-4",
          tracksOf(layout, several),
        )}
        style={{ width }}
      >
        {names.map((name) => (
          <div
            key={name}
            role="columnheader"
            className={cn("truncate font-medium", (name === "Duration" || name === "Version") && "text-right")}
          >
            {name}
          </div>
        ))}
      </div>
    </div>
  );
}

function NewCalls({ count, onClick }: { count: number; onClick: () => void }) {
  if (count === 0) return null;
  return (
    <Button
      variant="primary"
      size="small"
      className="absolute top-12 left-1/2 z-10 -translate-x-1/2 rounded-full shadow-md"
      onClick={onClick}
    >
      <ArrowUp /> {plural(count, "new call")}
    </Button>
  );
}

/** Whoever has scrolled away from the top, or reads one call, goes on seeing the same rows when new ones come above. Counts
 * those until the top is seen again. */
function useStandingStill(body: React.RefObject<HTMLDivElement | null>, rows: Row[], height: number, reading: boolean) {
  const [away, setAway] = useState(false);
  const [mark, setMark] = useState<string>(); // the top row when the viewer began to look elsewhere
  const still = away || reading;
  const first = rows[0]?.id;
  if (still && mark === undefined && first) setMark(first);
  if (!still && mark !== undefined) setMark(undefined);
  const before = useRef(first);
  useLayoutEffect(() => {
    const added = rows.findIndex((row) => row.id === before.current);
    before.current = first;
    if (still && added > 0) body.current?.scrollBy({ top: added * height, behavior: "instant" });
  }, [body, rows, first, height, still]);
  const at = mark === undefined ? 0 : rows.findIndex((row) => row.id === mark);
  return {
    count: at < 0 ? rows.length : at,
    toTop: () => {
      setMark(undefined);
      body.current?.scrollTo({ top: 0 });
    },
    onScroll: () => {
      const now = (body.current?.scrollTop ?? 0) > 4;
      if (now === away) return;
      setAway(now);
      if (!now) setMark(undefined);
    },
  };
}

/** A call that is moved to by keys, or by its address, is scrolled to. */
function useSelectedInSight(rows: Row[], selected: string, scrollToIndex: (index: number) => void) {
  const there = selected ? rows.findIndex((row) => row.id === selected) : -1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: not when its place changes, since new calls push it down
  useEffect(() => {
    if (there >= 0) scrollToIndex(there);
  }, [selected, there >= 0]);
}

/** One listener for all rows: links of the router's kind are too slow to make while scrolling. */
function openClicked(event: MouseEvent, rows: Row[], onOpen: (row: Row) => void) {
  const link = (event.target as Element).closest<HTMLElement>("[data-index]");
  const row = rows[Number(link?.dataset.index)];
  if (!row || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  onOpen(row);
}

/** Up and down within the list. While a call is open these keys move from call to call instead. */
function moveFocus(event: KeyboardEvent<HTMLElement>, scrollToIndex: (index: number) => void, rows: number) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const at = (event.target as HTMLElement).dataset.index;
  if (!step || at === undefined || new URLSearchParams(location.search).has("call")) return;
  event.preventDefault();
  const next = Math.min(rows - 1, Math.max(0, Number(at) + step));
  const list = event.currentTarget;
  const focus = () => list.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus({ preventScroll: true });
  scrollToIndex(next);
  focus();
}
