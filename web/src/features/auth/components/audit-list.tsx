import { Link } from "react-router";
import type { Schema } from "@/api/client";
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

/** Lines of one day after the other, the newest first. */
export function AuditList({ lines, names }: AuditListProps) {
  return (
    <div className="grid gap-6">
      {byDay(lines).map(([day, list]) => (
        <section key={day} aria-label={day}>
          <h3 className="mb-2 text-[0.8125rem] font-medium text-muted-foreground">{day}</h3>
          <ol className="divide-y rounded-lg border bg-card">
            {list.map((line) => (
              <AuditRow key={line.number} line={line} names={names} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function byDay(lines: Line[]): [string, Line[]][] {
  const days = new Map<string, Line[]>();
  for (const line of lines) {
    const day = dayText(line.created_at);
    days.set(day, [...(days.get(day) ?? []), line]);
  }
  return [...days];
}

const link = "rounded-sm hover:text-foreground hover:underline";

function AuditRow({ line, names }: { line: Line; names: Map<string, string> }) {
  const about = names.get(line.object);
  return (
    <li className="grid gap-x-4 px-4 py-2.5 sm:grid-cols-[1fr_auto] sm:items-baseline">
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
    </li>
  );
}
