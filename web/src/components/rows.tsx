import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/cn";

interface RowsProps {
  label: string;
  /** Names of the columns, each with classes of its own if need be. They are out of sight where there is little room. */
  head: (string | [string, string])[];
  /** Widths as grid tracks, and those where there is little room and rows have several lines: `@max-2xl` in cells. */
  tracks: string;
  tracksNarrow: string;
  /** Of a long table, of which only the rows in sight are in the page: how many there are, and the element with the rows. */
  count?: number | undefined;
  body?: Pick<ComponentProps<"div">, "ref" | "style"> | undefined;
  children: ReactNode;
}

const grid = "grid items-center gap-x-4 gap-y-1 px-4 grid-cols-(--tracks-narrow) @2xl:grid-cols-(--tracks)";

/** A table of a few rows of any height, some of which may be forms. DataTable is for many rows that are alike. The room
 * that the table has decides how rows are laid out, not the screen: a side bar may stand beside it. */
export function Rows({ label, head, tracks, tracksNarrow, count, body, children }: RowsProps) {
  const style = { "--tracks": tracks, "--tracks-narrow": tracksNarrow } as React.CSSProperties;
  return (
    <div
      role="table"
      aria-label={label}
      aria-rowcount={count && count + 1}
      style={style}
      className="@container overflow-hidden rounded-lg border bg-card"
    >
      <div role="rowgroup" className="border-b bg-muted/50 @max-2xl:sr-only">
        <div role="row" className={cn(grid, "h-9 text-[0.8125rem] font-medium text-muted-foreground")}>
          {head.map((each) => {
            const [name, className] = typeof each === "string" ? [each] : each;
            return (
              <div key={name} role="columnheader" className={cn("truncate", className)}>
                {name}
              </div>
            );
          })}
        </div>
      </div>
      <div role="rowgroup" className="divide-y" {...body}>
        {children}
      </div>
    </div>
  );
}

export function Row({ className, ...rest }: ComponentProps<"div">) {
  return <div role="row" className={cn(grid, "min-h-12 py-2 hover:bg-muted/40", className)} {...rest} />;
}

export function Cell({ className, ...rest }: ComponentProps<"div">) {
  return <div role="cell" className={cn("min-w-0", className)} {...rest} />;
}

/** A row that is one cell, such as a form in place of the row that it changes. */
export function WideRow({ children, className, ...rest }: ComponentProps<"div">) {
  return (
    <div role="row" className={cn("bg-muted/40 px-4 py-4", className)} {...rest}>
      <div role="cell">{children}</div>
    </div>
  );
}
