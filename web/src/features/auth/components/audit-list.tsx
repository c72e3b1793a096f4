import { useMemo, useRef } from "react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { useRowsInSight } from "@/components/rows-in-sight";
import { Time } from "@/components/time";
import { actionText, detailText } from "@/lib/audit";
import { cn } from "@/lib/cn";
import { dayText } from "../days";

type Line = Schema<"AuditLine">;

interface AuditListProps {
  lines: Line[];
  /** Of accounts, by id. */
  names: Map<string, string>;
}

const rowHeight = 42;

/** Lines of one day after the other, the newest first. One list of all, so that those out of sight need not be in the page. */
export function AuditList({ lines, names }: AuditListProps) {
  const list = useRef<HTMLOListElement>(null);
  const { first, end, style, measure } = useRowsInSight(list, { rows: lines.length, height: rowHeight });
  const days = useMemo(() => lines.map((line) => dayText(line.created_at)), [lines]);
  return (
    <ol ref={list} style={style} aria-label="Audit log">
      {lines.slice(first, end).map((line, from) => {
        const at = first + from;
        const beginsDay = days[at] !== days[at - 1];
        const endsDay = days[at] !== days[at + 1];
        return (
          <li
            key={line.number}
            ref={measure}
            data-index={at}
            aria-setsize={lines.length}
            aria-posinset={at + 1}
            className={cn(beginsDay && at > 0 && "pt-6")}
          >
            {beginsDay && <h3 className="mb-2 text-[0.8125rem] font-medium text-muted-foreground">{days[at]}</h3>}
            <AuditRow
              {...{ line, names }}
              className={cn(beginsDay && "rounded-t-lg border-t", endsDay && "rounded-b-lg")}
            />
          </li>
        );
      })}
    </ol>
  );
}

const link = "rounded-sm hover:text-foreground hover:underline";

interface AuditRowProps {
  line: Line;
  names: Map<string, string>;
  className: string;
}

function AuditRow({ line, names, className }: AuditRowProps) {
  const about = names.get(line.object);
  return (
    <div
      className={cn(
        "grid gap-x-4 border-x border-b bg-card px-4 py-2.5 sm:grid-cols-[1fr_auto] sm:items-baseline",
        className,
      )}
    >
      <p className="min-w-0 wrap-anywhere">
        <Link to={{ search: `?account=${line.account_id}` }} className={cn("font-medium", link)}>
          {line.account ?? "A deleted account"}
        </Link>{" "}
        <span className="text-muted-foreground" title={line.action}>
          {actionText(line.action)}
        </span>{" "}
        {line.detail && (
          <span className="font-mono text-[0.8125rem]" title={line.detail}>
            {detailText(line.detail, names)}
          </span>
        )}
      </p>
      <p className="flex flex-wrap gap-x-3 text-[0.8125rem] text-muted-foreground sm:justify-end">
        {line.object && line.object !== line.account_id && about !== line.detail && (
          <Link
            to={{ search: `?object=${encodeURIComponent(line.object)}` }}
            className={cn(link, !about && "font-mono")}
            title={`Everything about ${line.object}`}
          >
            {detailText(line.object, names)}
          </Link>
        )}
        {line.address && <span className="tabular-nums">{line.address}</span>}
        <Time at={line.created_at} />
      </p>
    </div>
  );
}
