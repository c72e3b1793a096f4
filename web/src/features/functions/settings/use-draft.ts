import { useState } from "react";
import type { Schema } from "@/api/client";
import { differing, type Form, formOf } from "./form";

export interface Draft {
  fn: Schema<"Function">;
  /** What is stored, with what has been typed over it. */
  values: Form;
  /** Only what differs from what is stored. */
  changed: Partial<Form>;
  set: (change: Partial<Form>) => void;
  /** Forgets what was typed into these fields. */
  reset: (names: (keyof Form)[]) => void;
}

/** What is typed into the settings, over what the server has: a refetch takes nothing of it away. */
export function useDraft(fn: Schema<"Function">): Draft {
  const [typed, setTyped] = useState<Partial<Form>>({});
  const stored = formOf(fn);
  return {
    fn,
    values: { ...stored, ...typed },
    changed: differing(typed, stored),
    set: (change) => setTyped((before) => ({ ...before, ...change })),
    reset: (names) =>
      setTyped((before) =>
        Object.fromEntries(Object.entries(before).filter(([name]) => !names.includes(name as keyof Form))),
      ),
  };
}
