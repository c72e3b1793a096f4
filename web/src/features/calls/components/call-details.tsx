import { useQuery } from "@tanstack/react-query";
import { Play } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { functionQuery } from "@/api/queries";
import { ColdBadge } from "@/components/call-status";
import { CopyButton } from "@/components/copy-button";
import { PhaseBar } from "@/components/phase-bar";
import { Time } from "@/components/time";
import { Button } from "@/components/ui/button";
import { absoluteTime, bytes, microseconds } from "@/lib/format";
import { TextBlock } from "./text-block";

type Call = Schema<"Invocation">;

interface CallDetailsProps {
  call: Call;
  /** The function's, where the list knows it. */
  name: string | undefined;
  /** What is searched for, to be marked. */
  q: string;
}

/** Everything that the record of a call says. */
export function CallDetails({ call, name, q }: CallDetailsProps) {
  const cut = (text: Call["truncated"][number]) => call.truncated.includes(text);
  return (
    <div className="grid gap-5">
      <Facts call={call} name={name} />
      <PhaseBar phases={call.phases} />
      {call.error && (
        <TextBlock
          title="Error"
          text={call.error}
          kind="plain"
          q={q}
          className="border-danger/40 bg-danger-soft text-danger"
        />
      )}
      <TextBlock title="Traceback" text={call.traceback ?? ""} kind="plain" q={q} />
      <TextBlock
        title="Input"
        text={call.input}
        none="Not shown, or empty"
        kind="json"
        q={q}
        truncated={cut("input")}
        action={!cut("input") && <CallAgain call={call} />}
      />
      <TextBlock title="Output" text={call.output} none="None" kind="json" q={q} truncated={cut("output")} />
      <TextBlock title="Standard output" text={call.stdout} kind="lines" q={q} truncated={cut("stdout")} />
      <TextBlock title="Standard error" text={call.stderr} kind="lines" q={q} truncated={cut("stderr")} />
    </div>
  );
}

function CallAgain({ call }: { call: Call }) {
  return (
    <Button asChild size="small" className="h-7">
      <Link to={`/functions/${call.function_id}?input=${call.id}`}>
        <Play className="size-3.5!" /> Call again with this input
      </Link>
    </Button>
  );
}

function Facts({ call, name }: { call: Call; name: string | undefined }) {
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-5 gap-y-1.5 sm:grid-cols-[auto_minmax(0,1fr)_auto_minmax(0,1fr)]">
      <Fact name="Arrived" wide>
        {absoluteTime(call.created_at)}{" "}
        <span className="text-muted-foreground">
          (<Time at={call.created_at} />)
        </span>
      </Fact>
      <Fact name="Function">
        <Link to={`/functions/${call.function_id}`} className="text-primary hover:underline">
          {name ?? <FunctionName id={call.function_id} />}
        </Link>
      </Fact>
      <Fact name="Version">v{call.version}</Fact>
      <Fact name="Duration">{microseconds(call.duration_us)}</Fact>
      <Fact name="CPU time">{microseconds(call.cpu_us)}</Fact>
      <Fact name="Start">
        <ColdBadge cold={call.cold_start} />
      </Fact>
      <Fact name="Memory">{bytes(call.peak_memory_bytes)} at most</Fact>
      <Fact name="Called" wide>
        {call.source === "gateway" ? "Through the gateway" : "Directly"}
        {call.streamed && ", answered in pieces"}
      </Fact>
      {call.http_path && (
        <Fact name="Request" wide>
          <span className="font-mono text-xs wrap-anywhere">
            {call.http_method} {call.http_path}
          </span>
        </Fact>
      )}
      <Fact name="Id" wide>
        <span className="flex items-center gap-1">
          <span className="min-w-0 font-mono text-xs wrap-anywhere">{call.id}</span>
          <CopyButton label="Copy id" text={call.id} className="-my-1" />
        </span>
      </Fact>
    </dl>
  );
}

function Fact({ name, wide, children }: { name: string; wide?: boolean; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{name}</dt>
      <dd className={wide ? "min-w-0 sm:col-span-3" : "min-w-0 wrap-anywhere"}>{children}</dd>
    </>
  );
}

function FunctionName({ id }: { id: string }) {
  const { data } = useQuery(functionQuery(id));
  return data?.name ?? id;
}
