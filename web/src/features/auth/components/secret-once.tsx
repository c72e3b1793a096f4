import { TriangleAlert } from "lucide-react";
import { CopyButton } from "@/components/copy-button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

/** A secret that the server shows only this once, to be taken along now. */
export function SecretOnce({ label, secret, warning }: { label: string; secret: string; warning: string }) {
  return (
    <div className="grid gap-3">
      <Field label={label}>
        {(control) => (
          <div className="flex items-center gap-1">
            <Input
              {...control}
              readOnly
              autoFocus
              className="font-mono text-[0.8125rem]"
              value={secret}
              onFocus={(event) => event.target.select()}
            />
            <CopyButton text={secret} label={`Copy the ${label.toLowerCase()}`} className="size-9" />
          </div>
        )}
      </Field>
      <p className="flex gap-2 rounded-md bg-warning-soft px-3 py-2 text-warning">
        <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
        {warning}
      </p>
    </div>
  );
}
