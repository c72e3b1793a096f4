import { useId } from "react";
import { Button } from "@/components/ui/button";
import { type Scope, scopes } from "../scopes";

interface ScopeBoxesProps {
  grantable: Scope[];
  chosen: Scope[];
  onChange: (chosen: Scope[]) => void;
  error: string | undefined;
}

/** What a key may, each with a line that says what that is. */
export function ScopeBoxes({ grantable, chosen, onChange, error }: ScopeBoxesProps) {
  const id = useId();
  const offered = scopes.filter(([scope]) => grantable.includes(scope));
  const all = chosen.length === offered.length;
  const toggle = (scope: Scope) =>
    onChange(chosen.includes(scope) ? chosen.filter((each) => each !== scope) : [...chosen, scope]);
  return (
    <fieldset aria-describedby={error && `${id}-error`}>
      <div className="mb-1.5 flex items-center justify-between">
        <legend className="float-left font-medium">Scopes</legend>
        <Button
          variant="link"
          className="h-auto px-0"
          onClick={() => onChange(all ? [] : offered.map(([scope]) => scope))}
        >
          {all ? "Choose none" : "Choose all"}
        </Button>
      </div>
      <div className="clear-both divide-y rounded-md border">
        {offered.map(([scope, meaning]) => (
          <label key={scope} className="flex items-start gap-3 px-3 py-2 hover:bg-muted/50">
            <input
              type="checkbox"
              className="mt-0.5 size-4 shrink-0 accent-primary"
              checked={chosen.includes(scope)}
              onChange={() => toggle(scope)}
            />
            <span className="grid grow gap-x-3 sm:grid-cols-[8.5rem_1fr]">
              <span className="font-mono text-[0.8125rem]">{scope}</span>
              <span className="text-[0.8125rem] text-muted-foreground">{meaning}</span>
            </span>
          </label>
        ))}
      </div>
      {error && (
        <p id={`${id}-error`} role="alert" className="mt-1.5 text-[0.8125rem] text-danger">
          {error}
        </p>
      )}
    </fieldset>
  );
}
