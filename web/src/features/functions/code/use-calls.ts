import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Schema } from "@/api/client";
import { useStable } from "@/lib/use-stable";
import { panelKey, useCall } from "./queries";
import type { Deployment } from "./use-deployment";

/** A call made on this page. */
export interface Made {
  at: string;
  input: string;
  result: Schema<"InvokeResult">;
}

const madeMax = 20;
const none: Made[] = [];

/** The last calls of this page, newest first, kept while the dashboard is open; and a way to make one. */
export function useCalls(id: string, after: Deployment["call"]) {
  const client = useQueryClient();
  const call = useCall(id);
  const { data: made = none } = useQuery<Made[]>({ queryKey: panelKey(id), enabled: false, gcTime: 3_600_000 });
  const [chosen, setChosen] = useState<Made>();
  const run = async (input: string) => {
    const at = new Date().toISOString();
    const result = await after(() => call.mutateAsync(input));
    client.setQueryData<Made[]>(panelKey(id), (old = none) => [{ at, input, result }, ...old].slice(0, madeMax));
    setChosen(undefined);
  };
  const stable = useStable((input: string) => void run(input).catch(() => undefined)); // `error` has it
  const { isPending: pending, error } = call;
  return useMemo(
    () => ({ made, shown: chosen ?? made[0], choose: setChosen, run: stable, pending, error }),
    [made, chosen, stable, pending, error],
  );
}

export type Calls = ReturnType<typeof useCalls>;
