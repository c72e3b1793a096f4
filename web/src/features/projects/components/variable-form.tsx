import { useState } from "react";
import type { Schema } from "@/api/client";
import { fieldError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";
import { Switch } from "@/components/ui/switch";
import { useFocusBack } from "@/lib/focus-back";
import { useSetVariable } from "../queries";

interface VariableFormProps {
  project: string;
  /** The one to change; a new one without. */
  variable?: Schema<"EnvVar">;
  onDone: () => void;
}

const mask = "****";

/** Sets a variable. A secret whose value is left alone keeps it. */
export function VariableForm({ project, variable, onDone }: VariableFormProps) {
  const set = useSetVariable(project);
  useFocusBack();
  const [key, setKey] = useState(variable?.key ?? "");
  const [value, setValue] = useState<string | undefined>(variable?.is_secret ? undefined : (variable?.value ?? ""));
  const [secret, setSecret] = useState(variable?.is_secret ?? true);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (!set.isPending) set.mutate({ key: key.trim(), value: value ?? mask, is_secret: secret }, { onSuccess: onDone });
  };
  return (
    <form
      aria-label={variable ? `Change ${variable.key}` : "Add a variable"}
      className="grid items-start gap-4 sm:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]"
      onSubmit={submit}
      onKeyDown={(event) => event.key === "Escape" && onDone()}
    >
      <Field label="Key" error={fieldError(set.error, "key")}>
        {(control) => (
          <Input
            {...control}
            className="font-mono"
            placeholder="API_KEY"
            value={key}
            readOnly={Boolean(variable)}
            autoFocus={!variable}
            onChange={(event) => setKey(event.target.value)}
          />
        )}
      </Field>
      <Field
        label="Value"
        error={fieldError(set.error, "value")}
        hint={variable?.is_secret && "What you write replaces the stored value, which is not shown here."}
      >
        {(control) => (
          <Textarea
            {...control}
            className="min-h-9 py-1.5 font-mono"
            rows={Math.min(8, (value ?? "").split("\n").length)}
            placeholder={value === undefined ? "Unchanged" : ""}
            value={value ?? ""}
            autoFocus={Boolean(variable)}
            onChange={(event) => setValue(event.target.value)}
          />
        )}
      </Field>
      <div className="flex flex-wrap items-center justify-between gap-3 sm:col-span-2">
        <Switch
          label="Secret"
          hint="Never shown again but to owners who reveal it."
          checked={secret}
          onChange={setSecret}
        />
        <div className="flex gap-2">
          <Button onClick={onDone}>Cancel</Button>
          <Button type="submit" variant="primary" pending={set.isPending}>
            {variable ? "Save" : "Add variable"}
          </Button>
        </div>
      </div>
      <ErrorNote className="sm:col-span-2" error={set.error} shown={["key", "value"]} />
    </form>
  );
}
