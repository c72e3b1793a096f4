import type { LucideIcon } from "lucide-react";
import { type ReactNode, useId } from "react";
import { cn } from "@/lib/cn";

interface RadioCardsProps<Value extends string> {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  options: { value: Value; name: ReactNode; explanation: ReactNode; icon?: LucideIcon }[];
  disabled?: boolean;
  /** Classes of the grid: how many stand side by side. */
  className?: string;
}

/** One of a few, each with a line that explains it. Arrow keys move between them, as the browser has it. */
export function RadioCards<Value extends string>(props: RadioCardsProps<Value>) {
  const { label, value, onChange, options, disabled, className } = props;
  const group = useId();
  return (
    <fieldset disabled={disabled} className="min-w-0">
      <legend className="mb-1.5 font-medium">{label}</legend>
      <div className={cn("grid gap-2", className)}>
        {options.map(({ value: option, name, explanation, icon: Icon }) => (
          <label
            key={option}
            className="flex cursor-pointer gap-2.5 rounded-md border border-input bg-card px-3 py-2.5 has-checked:border-primary has-checked:bg-accent/50 has-checked:ring-1 has-checked:ring-primary has-disabled:cursor-default has-disabled:opacity-60 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-ring"
          >
            <input
              type="radio"
              name={group}
              value={option}
              checked={value === option}
              onChange={() => onChange(option)}
              aria-labelledby={`${group}-${option}`}
              aria-describedby={`${group}-${option}-more`}
              className="mt-0.75 size-3.5 shrink-0 appearance-none rounded-full border border-input bg-card outline-none checked:border-4 checked:border-primary"
            />
            <span className="min-w-0">
              <span id={`${group}-${option}`} className="flex items-center gap-1.5 font-medium">
                {Icon && <Icon className="size-3.5 text-muted-foreground" aria-hidden />} {name}
              </span>
              <span id={`${group}-${option}-more`} className="block text-[0.8125rem] text-muted-foreground">
                {explanation}
              </span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
