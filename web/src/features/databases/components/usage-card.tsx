import { Time } from "@/components/time";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { cn } from "@/lib/cn";
import { bytes, count, milliseconds, percent } from "@/lib/format";
import type { Database } from "../queries";

const providers: Record<NonNullable<Database["provider"]>, string> = {
  local: "This server",
  server: "A PostgreSQL server of its own",
  neon: "Neon",
};

/** How full it is and who is connected. */
export function UsageCard({ database }: { database: Database }) {
  const { connections, server_connections, connections_max, statement_timeout_ms, provider, created_at } = database;
  const facts: [string, React.ReactNode][] = [
    ["Connections of functions", number(connections)],
    [
      "Connections to PostgreSQL",
      connections_max ? `${number(server_connections)} of ${count(connections_max)}` : number(server_connections),
    ],
    ["Longest statement", statement_timeout_ms ? milliseconds(statement_timeout_ms) : "No bound"],
    ["Runs at", provider ? providers[provider] : "Unknown"],
    ["Created", created_at ? <Time key="created" at={created_at} /> : "Unknown"],
  ];
  return (
    <Card aria-label="Usage">
      <CardHeader title="Usage" />
      <CardBody className="grid grid-cols-1 gap-4">
        <SizeBar database={database} />
        <dl className="grid gap-2">
          {facts.map(([name, value]) => (
            <div key={name} className="flex flex-wrap justify-between gap-x-4">
              <dt className="text-muted-foreground">{name}</dt>
              <dd className="tabular-nums">{value}</dd>
            </div>
          ))}
        </dl>
      </CardBody>
    </Card>
  );
}

const number = (n: number | null) => (n === null ? "Unknown" : count(n));

function SizeBar({ database: { bytes: size, bytes_max: max, neon_project_id: neon } }: { database: Database }) {
  const share = size !== null && max ? size / max : 0;
  return (
    <div>
      <p className="flex flex-wrap items-baseline justify-between gap-x-3">
        <span className="text-muted-foreground">Size</span>
        <span className="tabular-nums">
          {size === null ? "Unknown" : bytes(size)}
          {max !== null && <span className="text-muted-foreground"> of {bytes(max)}</span>}
        </span>
      </p>
      {max !== null && size !== null && (
        <div
          role="meter"
          aria-label="Size"
          aria-valuemin={0}
          aria-valuemax={max}
          aria-valuenow={Math.min(size, max)}
          aria-valuetext={`${bytes(size)} of ${bytes(max)}, ${percent(share)}`}
          className="mt-1.5 h-2.5 overflow-hidden rounded-full bg-muted"
        >
          <div
            className={cn("h-full rounded-full bg-chart-1", share >= 0.85 && "bg-chart-4", share >= 1 && "bg-danger")}
            style={{ width: `${Math.min(100, Math.max(1, share * 100))}%` }}
          />
        </div>
      )}
      {neon && <p className="mt-1.5 text-[0.8125rem] text-muted-foreground">Project of Neon: {neon}</p>}
    </div>
  );
}
