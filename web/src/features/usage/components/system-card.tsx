import { useQuery } from "@tanstack/react-query";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import type { Schema } from "@/api/client";
import { QueryView } from "@/components/query-view";
import { Time } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { bytes, count, plural } from "@/lib/format";
import { choiceParam, useSearch } from "@/lib/search";
import { systemQuery } from "../queries";
import { SlotBar } from "./slot-bar";

const IsolationDialog = lazy(() => import("./isolation-dialog"));

type System = Schema<"System">;

const search = { show: choiceParam<"" | "isolation">("", "isolation") };

/** The state of the server at this moment. */
export function SystemCard() {
  const system = useQuery(systemQuery());
  const [{ show }, setSearch] = useSearch(search);
  return (
    <Card className="min-w-0">
      <CardHeader
        title="Server"
        actions={<div className="h-5.5">{system.data && !system.error && <Badge tone="success">Running</Badge>}</div>}
      />
      <CardBody>
        <QueryView query={system} skeleton={<SystemSkeleton />}>
          {(state) => (
            <>
              <div className="grid gap-5">
                <SlotBar slots={state.slots} queued={state.queued} />
                <Facts state={state} onIsolation={() => setSearch({ show: "isolation" })} />
              </div>
              <Suspense>
                {show === "isolation" && (
                  <IsolationDialog isolation={state.isolation} onClose={() => setSearch({ show: "" })} />
                )}
              </Suspense>
            </>
          )}
        </QueryView>
      </CardBody>
    </Card>
  );
}

function Facts({ state, onIsolation }: { state: System; onIsolation: () => void }) {
  const { memory } = state;
  return (
    <dl className={facts}>
      <Fact name="Version">
        {state.version}, started <Time at={state.started_at} />
      </Fact>
      <Fact name="Isolation">
        <IsolationButton state={state.isolation.state} onClick={onIsolation} />
      </Fact>
      <Fact name="Memory of the server">{bytes(memory.server_bytes)}</Fact>
      <Fact name="Memory of the machine">
        {bytes(memory.available_bytes)} free of {bytes(memory.total_bytes)}
      </Fact>
      <Fact name="Processors">{plural(state.cpus, "core")}</Fact>
      <Fact name="Connections">{count(state.connections)}</Fact>
      <Fact name="Store">{state.store === "sqlite" ? "SQLite" : "PostgreSQL"}</Fact>
      <Fact name="Network for functions">{state.egress ? "Can be given" : "Not available"}</Fact>
      <Fact name="Runtimes" className="xl:col-span-2">
        <span className="flex flex-wrap gap-x-3">
          {state.runtimes.map(({ name, version }) => (
            <span key={name} className="whitespace-nowrap">
              {name} <span className="text-muted-foreground">{version}</span>
            </span>
          ))}
        </span>
      </Fact>
    </dl>
  );
}

const facts = "grid grid-cols-2 gap-x-6 gap-y-3.5 md:grid-cols-3 xl:grid-cols-5";

function Fact({ name, className, children }: { name: string; className?: string; children: ReactNode }) {
  return (
    <div className={cn("min-w-0", className)}>
      <dt className="text-[0.8125rem] text-muted-foreground">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}

interface IsolationButtonProps {
  state: System["isolation"]["state"];
  onClick: () => void;
}

function IsolationButton({ state, onClick }: IsolationButtonProps) {
  const full = state === "full";
  const Shield = full ? ShieldCheck : ShieldAlert;
  return (
    <button
      type="button"
      onClick={onClick}
      aria-haspopup="dialog"
      className="inline-flex items-center gap-1.5 underline decoration-input underline-offset-4 hover:decoration-current"
    >
      <Shield className={full ? "size-4 text-success" : "size-4 text-warning"} aria-hidden />
      {full ? "Full" : "Weaker"}
    </button>
  );
}

function SystemSkeleton() {
  return (
    <div className="grid gap-5">
      <Skeleton className="h-16" />
      <div className={facts}>
        {["a", "b", "c", "d", "e", "f", "g", "h", "i"].map((name) => (
          <Skeleton key={name} className="h-10" />
        ))}
      </div>
    </div>
  );
}
