import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useId, useMemo, useRef, useState } from "react";
import { CopyButton } from "@/components/copy-button";
import { cn } from "@/lib/cn";
import { columnWidth, csvOf } from "../csv";
import type { Result } from "../queries";
import { CellValue } from "./cell-value";

interface ResultGridProps {
  label: string;
  result: Result;
  empty?: string;
}

export interface Place {
  row: number;
  column: number;
}

const rowHeight = 32;

/** Rows of text, of which only those in sight are in the page. Arrow keys move from cell to cell; the one that is chosen is
 * shown in full below. */
export function ResultGrid({ label, result, empty = "No rows." }: ResultGridProps) {
  const { columns, rows } = result;
  const body = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<Place>();
  const id = useId();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    scrollPaddingStart: rowHeight,
    initialRect: { width: 0, height: 400 },
  });
  const csv = useMemo(() => csvOf(result), [result]);
  const tracks = useMemo(
    () =>
      columns
        .map(({ name, type }, at) => {
          const width = columnWidth(
            name,
            type,
            rows.slice(0, 50).map((row) => row[at]),
          );
          return `minmax(${width}ch,${at === columns.length - 1 ? "1fr" : `${width}ch`})`;
        })
        .join(" "),
    [columns, rows],
  );
  const choose = (next: Place) => {
    setPlace(next);
    virtual.scrollToIndex(next.row);
    document.getElementById(cellId(id, next))?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape" && place) setPlace(undefined);
    const next = moved(event.key, place, rows.length, columns.length);
    if (!next) return;
    event.preventDefault();
    choose(next);
  };
  if (rows.length === 0)
    return <p className="rounded-lg border px-4 py-6 text-center text-muted-foreground">{empty}</p>;
  const value = place && rows[place.row]?.[place.column];
  const column = place && columns[place.column];
  return (
    <div className="min-w-0 overflow-hidden rounded-lg border bg-card">
      <div
        ref={body}
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-activedescendant={place && cellId(id, place)}
        tabIndex={0}
        onKeyDown={onKey}
        style={{ "--tracks": tracks } as React.CSSProperties}
        className="relative max-h-[min(30rem,60dvh)] overflow-auto font-mono text-[0.8125rem] focus-visible:outline-offset-[-2px]"
      >
        <HeadRow columns={columns} />
        <div role="presentation" className="relative min-w-fit" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <div
              key={index}
              role="row"
              aria-rowindex={index + 2}
              className="absolute inset-x-0 grid min-w-fit grid-cols-(--tracks) border-b last:border-b-0 hover:bg-muted/40"
              style={{ height: rowHeight, transform: `translateY(${start}px)` }}
            >
              {columns.map(({ name }, at) => {
                const here = { row: index, column: at };
                return (
                  <Cell
                    // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
                    key={`${name} ${at}`}
                    id={cellId(id, here)}
                    text={rows[index]?.[at] ?? null}
                    chosen={place?.row === index && place.column === at}
                    onChoose={() => choose(here)}
                  />
                );
              })}
            </div>
          ))}
        </div>
      </div>
      <footer className="flex min-h-9 items-center justify-between gap-3 border-t bg-muted/40 py-0.5 pr-1.5 pl-3 text-[0.8125rem] text-muted-foreground">
        <span className="truncate">{place ? "Escape closes the value" : "Choose a cell to see it in full"}</span>
        <span className="inline-flex shrink-0 items-center gap-1">
          CSV <CopyButton text={csv} label="Copy as CSV" />
        </span>
      </footer>
      {column && value !== undefined && (
        <CellValue name={column.name} type={column.type} value={value} onClose={() => setPlace(undefined)} />
      )}
    </div>
  );
}

const cellId = (grid: string, { row, column }: Place) => `${grid}-${row}-${column}`;

function HeadRow({ columns }: Pick<Result, "columns">) {
  return (
    <div role="row" className="sticky top-0 z-10 grid min-w-fit grid-cols-(--tracks) border-b bg-muted">
      {columns.map(({ name, type }, at) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
          key={`${name} ${at}`}
          role="columnheader"
          title={`${name} ${type}`}
          className="min-w-0 px-3 py-1 leading-4"
        >
          <span className="block truncate font-medium">{name}</span>
          <span className="block truncate text-[0.6875rem] text-muted-foreground">{type}</span>
        </div>
      ))}
    </div>
  );
}

interface CellProps {
  id: string;
  text: string | null;
  chosen: boolean;
  onChoose: () => void;
}

const cut = 200; // of a cell; the rest shows when it is chosen

function Cell({ id, text, chosen, onChoose }: CellProps) {
  return (
    <div role="gridcell" id={id} aria-selected={chosen} className={cn("min-w-0", chosen && "bg-accent")}>
      <button
        type="button"
        tabIndex={-1}
        onClick={onChoose}
        className={cn("h-full w-full truncate px-3 text-left", text === null && "text-muted-foreground italic")}
      >
        {text === null ? "null" : text.slice(0, cut)}
      </button>
    </div>
  );
}

/** Where a key leads from a cell; nowhere for keys that do not move. */
export function moved(key: string, from: Place | undefined, rows: number, columns: number): Place | undefined {
  const steps: Record<string, [number, number]> = {
    ...{ ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] },
    ...{ PageDown: [12, 0], PageUp: [-12, 0], Home: [0, -columns], End: [0, columns] },
  };
  const step = steps[key];
  if (!step) return undefined;
  if (!from) return { row: 0, column: 0 };
  const within = (n: number, most: number) => Math.max(0, Math.min(most - 1, n));
  return { row: within(from.row + step[0], rows), column: within(from.column + step[1], columns) };
}
