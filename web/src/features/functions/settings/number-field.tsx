import { fieldError } from "@/api/error";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { CountName, LimitName } from "./form";
import { place } from "./section";
import type { Draft } from "./use-draft";

export interface NumberRule {
  name: LimitName | CountName;
  label: string;
  unit: string;
  explanation: string;
  min: number;
  max: number;
  step?: number;
}

interface NumberFieldProps {
  draft: Draft;
  rule: NumberRule;
  error: unknown;
}

/** A number with its unit, and below what it means and how far it goes. */
export function NumberField({ draft, rule, error }: NumberFieldProps) {
  const { name, label, unit, explanation, min, max, step = 1 } = rule;
  return (
    <Field label={label} error={fieldError(error, place(name))} hint={`${explanation}. ${range(min, max)}`}>
      {(control) => (
        <div className="relative">
          <Input
            {...control}
            type="number"
            inputMode="decimal"
            min={min}
            max={max}
            step={step}
            className="pr-22 tabular-nums [appearance:textfield] [&::-webkit-inner-spin-button]:appearance-none"
            value={draft.values[name]}
            onChange={(event) => draft.set({ [name]: event.target.value })}
          />
          <span
            aria-hidden
            className="pointer-events-none absolute inset-y-0 right-3 flex items-center text-[0.8125rem] text-muted-foreground"
          >
            {unit}
          </span>
        </div>
      )}
    </Field>
  );
}

function range(min: number, max: number): string {
  const most = max.toLocaleString("en");
  return min === 0 ? `Up to ${most}` : `${min} to ${most}`;
}
