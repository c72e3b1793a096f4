import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { CallStatus } from "@/components/call-status";
import { QueryView } from "@/components/query-view";
import { Button } from "@/components/ui/button";
import { SkeletonRows } from "@/components/ui/skeleton";
import { useShortcut } from "@/lib/shortcuts";
import { callQuery } from "../queries";
import type { CallRow } from "../row";
import { CallDetails } from "./call-details";
import { clockTime, dayOf } from "./call-time";

interface CallPanelProps {
  id: string;
  /** Unknown when the address does not say it and the list does not hold the call. */
  functionId: string | undefined;
  /** What the list knows of it already. */
  row: CallRow | undefined;
  q: string;
  onClose: () => void;
  onMove: (step: 1 | -1) => void;
  /** Whether there is a newer one, and an older one. */
  canMove: { up: boolean; down: boolean };
}

/** One call in full: beside the list where there is room, else in front of it, on telephones in front of everything. */
export function CallPanel({ id, functionId, row, q, onClose, onMove, canMove }: CallPanelProps) {
  const at = row && new Date(row.at);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  useShortcut("Escape", "Close the call", onClose);
  useShortcut("ArrowDown", "Next call", () => onMove(1));
  useShortcut("ArrowUp", "Call before", () => onMove(-1));
  return (
    <aside
      aria-label="Call"
      className="fixed inset-y-0 right-0 z-30 flex w-full flex-col bg-card shadow-xl sm:absolute sm:z-10 sm:w-[min(36rem,100%)] sm:rounded-lg sm:border 2xl:static 2xl:w-[min(44rem,46%)] 2xl:shrink-0 2xl:shadow-none"
    >
      <header className="flex h-13 shrink-0 items-center gap-1 border-b pr-2 pl-4 sm:h-12">
        <h2 ref={title} tabIndex={-1} className="mr-auto flex min-w-0 items-center gap-2.5 outline-none">
          <span className="truncate font-semibold tabular-nums">
            <span className="sr-only">Call of </span>
            {at ? `${dayOf(at)} ${clockTime(at)}` : "Call"}
          </span>
          {row && <CallStatus status={row.status} />}
        </h2>
        <IconButton label="Newer call" disabled={!canMove.up} onClick={() => onMove(-1)}>
          <ChevronUp />
        </IconButton>
        <IconButton label="Older call" disabled={!canMove.down} onClick={() => onMove(1)}>
          <ChevronDown />
        </IconButton>
        <IconButton label="Close the call" onClick={onClose}>
          <X />
        </IconButton>
      </header>
      <div className="min-h-0 grow overflow-y-auto p-4" key={id}>
        {functionId ? <Whole id={id} functionId={functionId} name={row?.functionName} q={q} /> : <Unknown />}
      </div>
    </aside>
  );
}

function Whole({ id, functionId, name, q }: { id: string; functionId: string; name: string | undefined; q: string }) {
  const call = useQuery(callQuery(functionId, id));
  return (
    <QueryView query={call} skeleton={<SkeletonRows rows={6} className="h-16" />}>
      {(data) => <CallDetails call={data} name={name} q={q} />}
    </QueryView>
  );
}

function Unknown() {
  return (
    <p className="text-muted-foreground">
      This call is not in the list, and the address does not say whose it is. Open it in the log of its function.
    </p>
  );
}

interface IconButtonProps {
  label: string;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function IconButton({ label, children, ...rest }: IconButtonProps) {
  return (
    <Button variant="ghost" size="smallIcon" aria-label={label} title={label} {...rest}>
      {children}
    </Button>
  );
}
