import { Snowflake } from "lucide-react";
import { memo } from "react";
import { CallStatus, callStatusName } from "@/components/call-status";
import { cn } from "@/lib/cn";
import { microseconds } from "@/lib/format";
import type { CallRow as Row } from "../row";
import { CallTime, clockTime, dayOf } from "./call-time";
import { Highlight } from "./highlight";

/** How a row is laid out, by the room there is: one line with all, one line with the most important, two lines. */
export type RowLayout = "wide" | "narrow" | "phone";

export const layoutOf = (width: number): RowLayout => (width >= 760 ? "wide" : width >= 520 ? "narrow" : "phone");
export const rowHeight: Record<RowLayout, number> = { wide: 36, narrow: 36, phone: 58 };

/** Widths of the columns; `several` is a log of more than one function. */
export function tracksOf(layout: RowLayout, several: boolean): string {
  if (layout === "phone") return "grid-cols-[minmax(0,1fr)_auto_auto]";
  if (layout === "narrow") return "grid-cols-[7rem_7.5rem_minmax(0,1fr)_5rem]";
  if (!several) return "grid-cols-[9.5rem_7.5rem_minmax(0,1fr)_5rem_3rem]";
  return "grid-cols-[9.5rem_7.5rem_minmax(6rem,0.3fr)_minmax(0,1fr)_5rem_3rem]";
}

interface CallRowProps {
  row: Row;
  /** Of the rows that are there, from 0. */
  index: number;
  top: number;
  layout: RowLayout;
  several: boolean;
  q: string;
  href: string;
  selected: boolean;
  /** The one row that the tab key stops at. */
  tabbable: boolean;
}

/** One call. The whole row is the link to its details; clicks on it are handled by the list. */
export const CallRow = memo(function CallRow(props: CallRowProps) {
  const { index, top, layout, several, selected } = props;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={cn(
        "absolute inset-x-0 top-0 grid [contain:strict] items-center gap-x-3 border-b px-3 hover:bg-muted/60 sm:px-4",
        tracksOf(layout, several),
        layout === "phone" && "content-center gap-y-1",
        selected && "bg-accent hover:bg-accent",
      )}
      style={{ height: rowHeight[layout], transform: `translateY(${top}px)` }}
    >
      <Cells {...props} />
    </div>
  );
});

function Cells({ row, layout, several, q, href, tabbable, index, selected }: CallRowProps) {
  const name = row.functionName ?? row.functionId;
  const at = new Date(row.at);
  const label = [
    `${dayOf(at)} ${clockTime(at)}`,
    callStatusName(row.status),
    several && name,
    `${row.method ?? ""} ${row.path ?? ""}`,
  ];
  return (
    <>
      <div role="cell" className="truncate font-mono text-xs">
        <a
          href={href}
          tabIndex={tabbable ? 0 : -1}
          data-index={index}
          data-call={row.id}
          aria-current={selected || undefined}
          aria-label={label.filter(Boolean).join(", ").trim()}
          className="outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-ring"
        >
          <CallTime at={at} withDay={layout === "wide"} />
        </a>
      </div>
      <div role="cell" className={cn("flex", layout === "phone" && "order-1")}>
        <CallStatus status={row.status} />
      </div>
      {several && layout === "wide" && (
        <div role="cell" className="truncate">
          {name}
        </div>
      )}
      <div role="cell" className={cn("truncate text-[0.8125rem]", layout === "phone" && "order-3 col-span-full")}>
        {several && layout !== "wide" && <span>{name} · </span>}
        <Message row={row} q={q} />
      </div>
      <div
        role="cell"
        className={cn("flex items-center justify-end gap-1.5 tabular-nums", layout === "phone" && "order-2 min-w-19")}
      >
        {row.cold && <Cold />}
        {microseconds(row.us)}
      </div>
      {layout === "wide" && (
        <div role="cell" className="text-right text-muted-foreground tabular-nums">
          v{row.version}
        </div>
      )}
    </>
  );
}

function Message({ row, q }: { row: Row; q: string }) {
  return (
    <>
      {row.path && (
        <span className="font-mono text-xs">
          {row.method} {row.path}{" "}
        </span>
      )}
      <span className={cn("font-mono text-xs text-muted-foreground", row.status !== "success" && "text-danger")}>
        <Highlight text={row.line} q={q} />
      </span>
    </>
  );
}

function Cold() {
  return (
    <span title="Cold start" className="text-primary">
      <Snowflake className="size-3.5" aria-hidden />
      <span className="sr-only">cold start</span>
    </span>
  );
}
