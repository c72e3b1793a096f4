import { useQuery } from "@tanstack/react-query";
import { fieldError } from "@/api/error";
import { Switch } from "@/components/ui/switch";
import { RadioCards } from "../components/radio-cards";
import { accessWords } from "../components/words";
import { systemQuery } from "../queries";
import type { Form } from "./form";
import { NumberField, type NumberRule } from "./number-field";
import { Section } from "./section";
import type { Draft } from "./use-draft";

const counts: NumberRule[] = [
  {
    ...{ name: "concurrency", label: "Sandboxes", unit: "at once", min: 1, max: 1000 },
    explanation: "Each takes one call at a time",
  },
  {
    ...{ name: "queue", label: "Queue", unit: "calls", min: 0, max: 10000 },
    explanation: "May wait when all are busy; more are refused",
  },
];

const reuses: { value: Form["reuse"]; name: string; explanation: string }[] = [
  { value: "always", name: "Keep it warm", explanation: "The next call finds the code loaded, and what it remembers" },
  { value: "never", name: "A fresh one for every call", explanation: "Nothing is left of the call before; slower" },
];

/** The sandboxes that calls run in. */
export function SandboxSection({ draft }: { draft: Draft }) {
  return (
    <Section
      draft={draft}
      title="Sandboxes"
      description="How many run, how long they live and what they reach"
      fields={["concurrency", "queue", "reuse", "snapstart", "network_enabled"]}
    >
      {(error) => (
        <>
          <div className="grid gap-5 sm:grid-cols-2">
            {counts.map((rule) => (
              <NumberField key={rule.name} draft={draft} rule={rule} error={error} />
            ))}
          </div>
          <RadioCards
            label="After a call"
            className="sm:grid-cols-2"
            value={draft.values.reuse}
            onChange={(reuse) => draft.set({ reuse })}
            options={reuses}
          />
          <SnapstartSwitch draft={draft} error={error} />
          <NetworkSwitch draft={draft} error={error} />
        </>
      )}
    </Section>
  );
}

/** Of Python only: nothing else can be copied while it runs. */
function SnapstartSwitch({ draft: { values, set }, error }: { draft: Draft; error: unknown }) {
  const { snapstart, runtime } = values;
  if (runtime !== "python" && !snapstart) return null;
  const complaint = fieldError(error, "snapstart");
  return (
    <div>
      <Switch
        label="Load once, copy for each sandbox"
        hint="New sandboxes begin with the code loaded. What it makes while loading, such as random numbers and connections, is the same in all"
        checked={snapstart}
        onChange={(on) => set({ snapstart: on })}
      />
      {complaint && (
        <p role="alert" className="mt-1 text-[0.8125rem] text-danger">
          {complaint}
        </p>
      )}
    </div>
  );
}

function NetworkSwitch({ draft, error }: { draft: Draft; error: unknown }) {
  const { data: system } = useQuery(systemQuery());
  const on = draft.values.network_enabled;
  const none = system?.egress === false;
  const reach = "Calls reach the internet, but never this server, and no private networks unless it allows them";
  const complaint = fieldError(error, "network_enabled");
  return (
    <div>
      <Switch
        label="Network"
        hint={none ? `This server gives functions no network: ${system.egress_missing}` : reach}
        checked={on}
        disabled={none && !on}
        onChange={(network_enabled) => draft.set({ network_enabled })}
      />
      {complaint && (
        <p role="alert" className="mt-1 text-[0.8125rem] text-danger">
          {complaint}
        </p>
      )}
    </div>
  );
}

const rates: NumberRule[] = [
  {
    ...{ name: "rate_limit", label: "Rate in all", unit: "a minute", min: 0, max: 1000000 },
    explanation: "Calls of everybody together; 0 for no bound",
  },
  {
    ...{ name: "client_rate_limit", label: "Rate of each client", unit: "a minute", min: 0, max: 1000000 },
    explanation: "Of an account or an address; 0 for no bound",
  },
];

const accesses = Object.entries(accessWords).map(([value, words]) => ({ value: value as Form["access"], ...words }));

/** Who may call it, and how often. */
export function AccessSection({ draft }: { draft: Draft }) {
  const { values, set } = draft;
  return (
    <Section
      draft={draft}
      title="Access"
      description="For direct calls and for its routes alike"
      fields={["access", "rate_limit", "client_rate_limit", "public_logs"]}
    >
      {(error) => (
        <>
          <RadioCards
            label="Who may call it"
            className="lg:grid-cols-3"
            value={values.access}
            onChange={(access) => set({ access })}
            options={accesses}
          />
          <div className="grid gap-5 sm:grid-cols-2">
            {rates.map((rule) => (
              <NumberField key={rule.name} draft={draft} rule={rule} error={error} />
            ))}
          </div>
          <Switch
            label="Public log"
            hint="Whoever knows the function's id may read its call records: inputs of direct calls, outputs and printed lines"
            checked={values.public_logs}
            onChange={(public_logs) => set({ public_logs })}
          />
        </>
      )}
    </Section>
  );
}
