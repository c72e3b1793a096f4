import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  type RowData,
  type SortingState,
  useReactTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { cn } from "@/lib/cn";

declare module "@tanstack/react-table" {
  interface ColumnMeta<TData extends RowData, TValue> {
    /** Classes of header and cells: alignment, `hidden @xl:block` for tables with little room. */
    className?: string;
  }
}

interface DataTableProps<Row> {
  /** What the table lists, for screen readers. */
  label: string;
  rows: Row[];
  // biome-ignore lint/suspicious/noExplicitAny: columns of one table have values of many types
  columns: ColumnDef<Row, any>[];
  rowKey: (row: Row) => string;
  /** Widths as grid tracks: "minmax(12rem,2fr) 8rem 6rem". Columns hidden below `@xl` need `tracksNarrow`, those hidden below
   * `@4xl` need `tracksMedium`. The room of the table counts, not the screen. */
  tracks: string;
  tracksMedium?: string;
  tracksNarrow?: string;
  initialSort?: SortingState;
  rowHeight?: number;
  /** Tallest extent before it scrolls by itself; rows out of sight are not in the page. */
  maxHeight?: string;
  /** The last rows come into sight: time to fetch more. */
  onEnd?: () => void;
}

/** A table that sorts by its headers and keeps only the rows in sight in the page. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rows, columns, rowKey, initialSort = [], rowHeight = 48, onEnd } = props;
  const { tracks, tracksMedium = tracks, tracksNarrow = tracksMedium } = props;
  const [sorting, setSorting] = useState<SortingState>(initialSort);
  const table = useReactTable({
    data: rows,
    columns,
    state: { sorting },
    onSortingChange: setSorting,
    getRowId: rowKey,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
  const body = useRef<HTMLDivElement>(null);
  const model = table.getRowModel().rows;
  const virtual = useVirtualizer({
    count: model.length,
    getScrollElement: () => body.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 0, height: 600 },
  });
  const atEnd = (virtual.range?.endIndex ?? 0) >= model.length - 1;
  useEffect(() => {
    if (atEnd && virtual.scrollOffset) onEnd?.();
  }, [atEnd, virtual.scrollOffset, onEnd]);
  const style = { "--tracks": tracks, "--tracks-medium": tracksMedium, "--tracks-narrow": tracksNarrow };
  const grid =
    "grid items-center gap-x-4 px-4 grid-cols-(--tracks-narrow) @xl:grid-cols-(--tracks-medium) @4xl:grid-cols-(--tracks)";
  return (
    <div
      role="table"
      aria-label={label}
      aria-rowcount={model.length + 1}
      style={style as React.CSSProperties}
      className="@container overflow-hidden rounded-lg border bg-card"
    >
      <div role="rowgroup" className="border-b bg-muted/50">
        {table.getHeaderGroups().map((group) => (
          <div role="row" key={group.id} className={cn(grid, "h-9 text-[0.8125rem] text-muted-foreground")}>
            {group.headers.map((header) => (
              <HeaderCell
                key={header.id}
                className={header.column.columnDef.meta?.className}
                sorted={header.column.getIsSorted()}
                onSort={header.column.getCanSort() ? header.column.getToggleSortingHandler() : undefined}
              >
                {flexRender(header.column.columnDef.header, header.getContext())}
              </HeaderCell>
            ))}
          </div>
        ))}
      </div>
      <div ref={body} role="rowgroup" className="overflow-y-auto" style={{ maxHeight: props.maxHeight ?? "70dvh" }}>
        <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = model[item.index];
            if (!row) return null;
            return (
              <div
                key={row.id}
                role="row"
                aria-rowindex={item.index + 2}
                className={cn(grid, "absolute inset-x-0 border-b last:border-b-0 hover:bg-muted/40")}
                style={{ height: item.size, transform: `translateY(${item.start}px)` }}
              >
                {row.getVisibleCells().map((cell) => (
                  <div
                    role="cell"
                    key={cell.id}
                    className={cn("min-w-0 truncate", cell.column.columnDef.meta?.className)}
                  >
                    {flexRender(cell.column.columnDef.cell, cell.getContext())}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface HeaderCellProps {
  className?: string | undefined;
  sorted: false | "asc" | "desc";
  onSort: ((event: unknown) => void) | undefined;
  children: React.ReactNode;
}

function HeaderCell({ className, sorted, onSort, children }: HeaderCellProps) {
  const order = sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined;
  return (
    <div role="columnheader" aria-sort={order} className={cn("min-w-0 truncate font-medium", className)}>
      {onSort ? (
        <button type="button" onClick={onSort} className="inline-flex items-center gap-1 hover:text-foreground">
          {children}
          {sorted === "asc" && <ArrowUp className="size-3.5" aria-hidden />}
          {sorted === "desc" && <ArrowDown className="size-3.5" aria-hidden />}
        </button>
      ) : (
        children
      )}
    </div>
  );
}
