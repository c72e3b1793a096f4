import { cn } from "@/lib/cn";
import { columnWidth } from "../csv";
import type { Result } from "../queries";

export interface Place {
  row: number;
  column: number;
}

export const rowHeight = 32;

export const cellId = (grid: string, { row, column }: Place) => `${grid}-${row}-${column}`;

/** Names and types, in sight while the rows scroll. */
export function HeadRow({ columns }: Pick<Result, "columns">) {
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

interface GridRowProps {
  grid: string;
  at: number;
  /** Where it begins, below the first row. */
  top: number;
  columns: Result["columns"];
  cells: Result["rows"][number];
  place: Place | undefined;
  onPlace: (place: Place) => void;
}

export function GridRow({ grid, at: row, top, columns, cells, place, onPlace }: GridRowProps) {
  return (
    <div
      role="row"
      aria-rowindex={row + 2}
      className="absolute inset-x-0 grid min-w-fit grid-cols-(--tracks) border-b last:border-b-0 hover:bg-muted/40"
      style={{ height: rowHeight, transform: `translateY(${top}px)` }}
    >
      {columns.map(({ name }, column) => (
        <Cell
          // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
          key={`${name} ${column}`}
          id={cellId(grid, { row, column })}
          text={cells[column] ?? null}
          chosen={place?.row === row && place.column === column}
          onChoose={() => onPlace({ row, column })}
        />
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
    <div role="gridcell" id={id} aria-selected={chosen} className={cn("min-w-0 scroll-mb-56", chosen && "bg-accent")}>
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

/** Widths of the columns as grid tracks; the last one takes what is left. */
export function tracksOf({ columns, rows }: Pick<Result, "columns" | "rows">): string {
  const first = rows.slice(0, 50);
  const widths = columns.map(({ name, type }, at) =>
    columnWidth(
      name,
      type,
      first.map((row) => row[at]),
    ),
  );
  return widths.map((width, at) => `minmax(${width}ch,${at === widths.length - 1 ? "1fr" : `${width}ch`})`).join(" ");
}
