import type { Schema } from "@/api/client";
import { Segmented } from "@/components/ui/segmented";
import { accessWords } from "./words";

type Access = Schema<"Access">;

interface AccessChoiceProps {
  value: Access;
  onChange: (access: Access) => void;
}

const options = Object.entries(accessWords).map(([access, { name }]) => [access, name] as [Access, string]);

/** Who may call a function, in two lines. */
export function AccessChoice({ value, onChange }: AccessChoiceProps) {
  return (
    <div>
      <p className="mb-1.5 font-medium">Who may call it</p>
      <Segmented label="Who may call it" value={value} onChange={onChange} options={options} />
      <p aria-live="polite" className="mt-1.5 text-[0.8125rem] text-muted-foreground">
        {accessWords[value].explanation}
      </p>
    </div>
  );
}
