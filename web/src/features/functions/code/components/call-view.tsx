import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { CallStatus, ColdBadge } from "@/components/call-status";
import { CopyButton } from "@/components/copy-button";
import { PhaseBar } from "@/components/phase-bar";
import { Time } from "@/components/time";
import { Skeleton } from "@/components/ui/skeleton";
import { bytes, microseconds } from "@/lib/format";
import { recordQuery } from "../queries";
import type { Place } from "../traceback";
import type { Made } from "../use-calls";
import { JsonText, Output } from "./json-text";
import { TracebackText } from "./traceback-text";

interface CallViewProps {
  id: string;
  made: Made;
  files: ReadonlySet<string>;
  onPlace: (place: Place) => void;
}

/** What came of a call: its result or its error, what it printed, and where its time went. */
export function CallView({ id, made, files, onPlace }: CallViewProps) {
  const { result } = made;
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1.5 text-[0.8125rem]">
        <CallStatus status={result.status} />
        <ColdBadge cold={result.cold_start} />
        <span className="font-medium tabular-nums">{microseconds(result.duration_us)}</span>
        <span className="text-muted-foreground">
          Version {result.version} · <Time at={made.at} />
        </span>
      </div>
      {result.success ? (
        <Part name="Result" copy={JSON.stringify(result.output ?? null, null, 2)}>
          <JsonText value={result.output ?? null} />
        </Part>
      ) : (
        <Failure made={made} files={files} onPlace={onPlace} />
      )}
      {result.stdout && (
        <Part name="Standard output" copy={result.stdout}>
          <Output>{result.stdout}</Output>
        </Part>
      )}
      {result.stderr && (
        <Part name="Standard error" copy={result.stderr}>
          <Output>{result.stderr}</Output>
        </Part>
      )}
      <Timing id={id} call={result.invocation_id} />
    </div>
  );
}

function Failure({ made: { result }, files, onPlace }: Omit<CallViewProps, "id">) {
  return (
    <Part name="Error" copy={result.traceback ?? result.error ?? ""}>
      <p className="mb-1.5 font-medium text-danger wrap-anywhere">{result.error}</p>
      {result.traceback && <TracebackText text={result.traceback} files={files} onPlace={onPlace} />}
    </Part>
  );
}

/** Its record says it, which is written a moment after the answer. */
function Timing({ id, call }: { id: string; call: string }) {
  const record = useQuery(recordQuery(id, call));
  if (record.isError) return null;
  if (!record.data) return <Skeleton className="h-19" />;
  const { phases, peak_memory_bytes, cpu_us } = record.data;
  return (
    <Part name="Time and memory">
      <PhaseBar phases={phases} />
      <p className="mt-1.5 text-[0.8125rem] text-muted-foreground">
        {bytes(peak_memory_bytes)} of memory at most · {microseconds(cpu_us)} of CPU time
      </p>
    </Part>
  );
}

/** A titled piece, with its text to copy. */
export function Part({ name, copy, children }: { name: string; copy?: string; children: ReactNode }) {
  return (
    <section aria-label={name} className="min-w-0">
      <div className="flex h-7.5 items-center justify-between">
        <h3 className="text-[0.8125rem] font-medium">{name}</h3>
        {copy && <CopyButton text={copy} label={`Copy ${name.toLowerCase()}`} />}
      </div>
      {children}
    </section>
  );
}
