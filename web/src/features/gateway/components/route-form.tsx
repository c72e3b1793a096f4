import { useState } from "react";
import type { Schema } from "@/api/client";
import { ApiError, fieldError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import { useFocusBack } from "@/lib/focus-back";
import type { Route, RouteDraft } from "../queries";

export const routeMethods: Route["method"][] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"];

interface RouteFormProps {
  label: string;
  initial: RouteDraft;
  functions: Schema<"Function">[];
  action: string;
  pending: boolean;
  error: unknown;
  onSubmit: (draft: RouteDraft) => void;
  onCancel: () => void;
}

/** Every field of a route. The form keeps what was typed until whoever shows it takes it away. */
export function RouteForm(props: RouteFormProps) {
  const { label, functions, action, pending, error, onSubmit, onCancel } = props;
  const [draft, setDraft] = useState(props.initial);
  useFocusBack();
  const set = (change: Partial<RouteDraft>) => setDraft({ ...draft, ...change });
  // Another route that takes the same requests is a matter of the path, though the server names no field.
  const taken = error instanceof ApiError && error.status === 409 ? error.message : undefined;
  return (
    <form
      aria-label={label}
      className="grid items-start gap-3 sm:grid-cols-[7rem_minmax(0,1fr)] lg:grid-cols-[7rem_minmax(0,2fr)_minmax(0,1.2fr)_minmax(0,1.4fr)]"
      onSubmit={(event) => {
        event.preventDefault();
        if (!pending) onSubmit({ ...draft, path: draft.path.trim() });
      }}
      onKeyDown={(event) => event.key === "Escape" && onCancel()}
    >
      <Field label="Method">
        {(control) => (
          <Select
            {...control}
            className="font-mono"
            value={draft.method}
            onChange={(event) => set({ method: event.target.value as Route["method"] })}
          >
            {routeMethods.map((method) => (
              <option key={method}>{method}</option>
            ))}
          </Select>
        )}
      </Field>
      <Field
        label="Path"
        error={fieldError(error, "path") ?? taken}
        hint={
          <>
            <span className="font-mono">:id</span> is one segment, <span className="font-mono">*rest</span> at the end
            all that is left.
          </>
        }
      >
        {(control) => (
          <Input
            {...control}
            className="font-mono"
            placeholder="/users/:id"
            value={draft.path}
            autoFocus
            onChange={(event) => set({ path: event.target.value })}
          />
        )}
      </Field>
      <Field label="Function" error={fieldError(error, "function_id")} className="max-lg:col-span-full">
        {(control) => (
          <Select {...control} value={draft.function_id} onChange={(event) => set({ function_id: event.target.value })}>
            {functions.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Description" error={fieldError(error, "description")} className="max-lg:col-span-full">
        {(control) => (
          <Input
            {...control}
            value={draft.description}
            onChange={(event) => set({ description: event.target.value })}
          />
        )}
      </Field>
      <ErrorNote
        className="col-span-full"
        error={taken ? undefined : error}
        shown={["path", "function_id", "description"]}
      />
      <div className="col-span-full flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" variant="primary" pending={pending}>
          {action}
        </Button>
      </div>
    </form>
  );
}
