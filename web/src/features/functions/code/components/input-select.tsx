import type { Schema } from "@/api/client";
import { Select } from "@/components/ui/input";
import { inputTemplates } from "../templates";

interface InputSelectProps {
  saved: Schema<"SavedInput">[];
  /** The name of the one that is chosen; "" is none of them. */
  name: string;
  failed: boolean;
  /** A name when it is saved, "" when it is a beginning; and its text. */
  onChoose: (name: string, text: string) => void;
}

/** Saved inputs by their names, and what others begin with. */
export function InputSelect({ saved, name, failed, onChoose }: InputSelectProps) {
  const choose = (value: string) => {
    const chosen = value.slice(2);
    const begin = inputTemplates.find(([label]) => label === chosen)?.[1];
    const text = value.startsWith("s:") ? savedText(saved, chosen) : begin;
    if (text !== undefined) onChoose(value.startsWith("s:") ? chosen : "", text);
  };
  return (
    <Select
      aria-label="Input"
      className="h-8 min-w-0 grow px-2 text-[0.8125rem]"
      value={name ? `s:${name}` : ""}
      onChange={(event) => choose(event.target.value)}
    >
      <option value="">{failed ? "Saved inputs could not be loaded" : "Choose an input"}</option>
      {saved.length > 0 && (
        <optgroup label="Saved">
          {saved.map((each) => (
            <option key={each.name} value={`s:${each.name}`}>
              {each.name}
            </option>
          ))}
        </optgroup>
      )}
      <optgroup label="Begin with">
        {inputTemplates.map(([label]) => (
          <option key={label} value={`t:${label}`}>
            {label}
          </option>
        ))}
      </optgroup>
    </Select>
  );
}

export function savedText(saved: Schema<"SavedInput">[], name: string): string | undefined {
  const found = saved.find((each) => each.name === name);
  return found && JSON.stringify(found.input, null, 2);
}
