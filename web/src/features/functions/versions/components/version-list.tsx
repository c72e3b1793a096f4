import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Schema } from "@/api/client";
import { QueryView } from "@/components/query-view";
import { Time } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { SkeletonRows } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { bytes, plural } from "@/lib/format";
import { versionsQuery } from "../queries";

type Version = Schema<"FunctionVersion">;

interface VersionListProps {
  fn: Schema<"Function">;
  /** The two that are compared. */
  compared: (number | undefined)[];
  readOnly: boolean;
  pending: number | undefined;
  onCompare: (version: number) => void;
  onActivate: (version: number) => void;
}

/** All versions, newest first; more come as one scrolls. */
export function VersionList({ fn, compared, readOnly, pending, onCompare, onActivate }: VersionListProps) {
  const versions = useInfiniteQuery(versionsQuery(fn.id));
  return (
    <QueryView query={versions} skeleton={<SkeletonRows rows={4} className="h-24" />}>
      {(list) => (
        <>
          <ol aria-label="Versions">
            {list.map((each, at) => (
              <Row
                key={each.version}
                version={each}
                active={fn.active_version}
                compared={compared.includes(each.version)}
                readOnly={readOnly}
                pending={pending === each.version}
                onCompare={at < list.length - 1 || versions.hasNextPage ? () => onCompare(each.version) : undefined}
                onActivate={() => onActivate(each.version)}
              />
            ))}
          </ol>
          {versions.hasNextPage && (
            <More pending={versions.isFetchingNextPage} onMore={() => void versions.fetchNextPage()} />
          )}
        </>
      )}
    </QueryView>
  );
}

interface RowProps {
  version: Version;
  active: number;
  compared: boolean;
  readOnly: boolean;
  pending: boolean;
  /** Undefined: there is none before it. */
  onCompare: (() => void) | undefined;
  onActivate: () => void;
}

const runtimes: Record<string, string> = { python: "Python", nodejs: "JavaScript", provided: "Own program" };

function Row({ version, active, compared, readOnly, pending, onCompare, onActivate }: RowProps) {
  const { version: number, files, size, handler, runtime, created_at } = version;
  return (
    <li className={cn("border-b px-4 py-3 last:border-b-0", compared && "bg-muted/50")}>
      <div className="flex items-center gap-2">
        <h3 className="font-medium">Version {number}</h3>
        {number === active && <Badge tone="success">Active</Badge>}
        <Time at={created_at} className="ml-auto text-[0.8125rem] text-muted-foreground" />
      </div>
      <p className="mt-0.5 text-[0.8125rem] text-muted-foreground wrap-anywhere">
        {plural(files.length, "file")}, {bytes(size)} · {runtimes[runtime] ?? runtime} ·{" "}
        <code className="font-mono text-xs">{handler}</code>
      </p>
      <div className="mt-2 flex flex-wrap gap-2 empty:hidden">
        {onCompare && (
          <Button size="small" className="h-7" onClick={onCompare} aria-label={`Show changes of version ${number}`}>
            Show changes
          </Button>
        )}
        {number !== active && !readOnly && (
          <Button
            size="small"
            className="h-7"
            pending={pending}
            onClick={onActivate}
            aria-label={activateName(number, active)}
          >
            {number < active ? "Roll back" : "Make active"}
          </Button>
        )}
      </div>
    </li>
  );
}

const activateName = (number: number, active: number) =>
  number < active ? `Roll back to version ${number}` : `Make active: version ${number}`;

/** Asks for more when it comes into sight; a button for those who do not scroll. */
function More({ pending, onMore }: { pending: boolean; onMore: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  const latest = useRef(onMore);
  useEffect(() => {
    latest.current = onMore;
  });
  useEffect(() => {
    if (!end.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current());
    observer.observe(end.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={end} className="p-3 text-center">
      <Button size="small" pending={pending} onClick={onMore}>
        Older versions
      </Button>
    </div>
  );
}
