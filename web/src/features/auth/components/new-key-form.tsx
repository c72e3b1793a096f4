import { type FormEvent, useState } from "react";
import { fieldError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/components/ui/button";
import { DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import { expiries, expiryTime, type Scope } from "../scopes";
import { ScopeBoxes } from "./scope-boxes";

interface NewKeyFormProps {
  /** Those that the account may give. */
  grantable: Scope[];
  pending: boolean;
  error: unknown;
  onSubmit: (key: { name: string; scopes: Scope[]; expires_at: string | null }) => void;
  onCancel: () => void;
}

/** Name, end and scopes of a key. */
export function NewKeyForm({ grantable, pending, error, onSubmit, onCancel }: NewKeyFormProps) {
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  const [chosen, setChosen] = useState<Scope[]>(["functions:read", "functions:write"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!pending) onSubmit({ name, scopes: chosen, expires_at: expiryTime(days) });
  };
  return (
    <form onSubmit={submit}>
      <div className="grid gap-4">
        <div className="grid gap-4 sm:grid-cols-[1fr_10rem]">
          <Field label="Name" error={fieldError(error, "name")}>
            {(control) => (
              <Input
                {...control}
                required
                placeholder="What uses it, such as ci"
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Field label="Ends" error={fieldError(error, "expires_at")}>
            {(control) => (
              <Select {...control} value={days} onChange={(event) => setDays(Number(event.target.value))}>
                {expiries.map(([value, text]) => (
                  <option key={value} value={value}>
                    {text}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <ScopeBoxes grantable={grantable} chosen={chosen} onChange={setChosen} error={fieldError(error, "scopes")} />
        <ErrorNote error={error} shown={["name", "scopes", "expires_at"]} />
      </div>
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" variant="primary" pending={pending}>
          Make the key
        </Button>
      </DialogActions>
    </form>
  );
}
