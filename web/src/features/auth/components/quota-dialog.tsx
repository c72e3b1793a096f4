import { type FormEvent, useState } from "react";
import type { Schema } from "@/api/client";
import { fieldError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useChangeAccount } from "../use-change-account";

type Quota = keyof Schema<"Quotas">;

const quotas: [Quota, string][] = [
  ["projects", "Projects"],
  ["functions", "Functions"],
  ["calls_per_day", "Calls a day"],
];
const shown = quotas.map(([quota]) => `quotas.${quota}`);

interface QuotaDialogProps {
  account: Schema<"Account">;
  onClose: () => void;
}

/** The bounds of one account; those that are empty are the server's. */
export function QuotaDialog({ account, onClose }: QuotaDialogProps) {
  const [values, setValues] = useState(() =>
    Object.fromEntries(quotas.map(([quota]) => [quota, account.quotas[quota]?.toString() ?? ""])),
  );
  const change = useChangeAccount(account);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (change.isPending) return;
    const given = quotas.map(([quota]) => [quota, values[quota] ? Number(values[quota]) : null]);
    const done = () => {
      toast.done(`Quotas of ${account.name} saved`);
      onClose();
    };
    change.mutate({ quotas: Object.fromEntries(given) }, { onSuccess: done });
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Quotas of ${account.name}`}
      description="An empty field takes the server's default, 0 means no bound."
    >
      <form onSubmit={submit}>
        <div className="grid gap-4">
          <div className="grid gap-4 sm:grid-cols-3">
            {quotas.map(([quota, label]) => (
              <Field key={quota} label={label} error={fieldError(change.error, `quotas.${quota}`)}>
                {(control) => (
                  <Input
                    {...control}
                    type="number"
                    min={0}
                    step={1}
                    placeholder="Default"
                    value={values[quota]}
                    onChange={(event) => setValues({ ...values, [quota]: event.target.value })}
                  />
                )}
              </Field>
            ))}
          </div>
          <ErrorNote error={change.error} shown={shown} />
        </div>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={change.isPending}>
            Save the quotas
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
