import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { CopyButton } from "@/components/copy-button";
import { csvOf } from "../csv";
import type { Result } from "../queries";
import { CellValue } from "./cell-value";
import { cellId, GridRow, HeadRow, moved, type Place, rowHeight, tracksOf } from "./grid-parts";

interface ResultGridProps {
  label: string;
  result: Result;
  empty?: string;
}

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
  const tracks = useMemo(() => tracksOf(result), [result]);
  useEffect(() => {
    if (!place) return;
    virtual.scrollToIndex(place.row);
    document.getElementById(cellId(id, place))?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [virtual, id, place]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape" && place) setPlace(undefined);
    const next = moved(event.key, place, rows.length, columns.length);
    if (!next) return;
    event.preventDefault();
    setPlace(next);
  };
  if (rows.length === 0)
    return <p className="rounded-lg border px-4 py-6 text-center text-muted-foreground">{empty}</p>;
  const value = place && rows[place.row]?.[place.column];
  const column = place && columns[place.column];
  return (
    <div className="min-w-0 overflow-clip rounded-lg border bg-card has-[[role=grid]:focus-visible]:outline-2 has-[[role=grid]:focus-visible]:outline-ring">
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
        className="relative max-h-[min(30rem,60dvh)] overflow-auto font-mono text-[0.8125rem] outline-none"
      >
        <HeadRow columns={columns} />
        <div role="presentation" className="relative min-w-fit" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <GridRow
              key={index}
              {...{ grid: id, at: index, top: start, columns, place }}
              cells={rows[index] ?? []}
              onPlace={setPlace}
            />
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
