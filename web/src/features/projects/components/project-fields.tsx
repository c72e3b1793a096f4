import type { ReactNode } from "react";
import { fieldError } from "@/api/error";
import { Field } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";

interface Fields {
  name: string;
  description: string;
}

interface ProjectFieldsProps {
  value: Fields;
  onChange: (value: Fields) => void;
  error: unknown;
  nameHint: ReactNode;
  readOnly?: boolean;
  /** The cursor is in the name when the page opens. */
  focus?: boolean;
}

/** What a project is called and what it is for. */
export function ProjectFields({ value, onChange, error, nameHint, readOnly, focus }: ProjectFieldsProps) {
  return (
    <>
      <Field label="Name" error={fieldError(error, "name")} hint={nameHint}>
        {(control) => (
          <Input
            {...control}
            value={value.name}
            readOnly={readOnly}
            maxLength={100}
            autoFocus={focus}
            onChange={(event) => onChange({ ...value, name: event.target.value })}
          />
        )}
      </Field>
      <Field label="Description" error={fieldError(error, "description")} hint="For the people who work on it.">
        {(control) => (
          <Textarea
            {...control}
            value={value.description}
            readOnly={readOnly}
            maxLength={1000}
            rows={3}
            onChange={(event) => onChange({ ...value, description: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}
