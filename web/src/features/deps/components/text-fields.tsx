import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { fieldError } from "@/api/error";
import { CodeArea } from "@/components/code-area";
import { Field } from "@/components/ui/field";
import { cn } from "@/lib/cn";
import type { Language } from "../packages";
import type { Draft } from "../use-draft";

interface TextFieldsProps {
  language: Language;
  draft: Draft;
  mayEdit: boolean;
  error: unknown;
}

/** The files of a language as they are. */
export function TextFields({ language, draft, mayEdit, error }: TextFieldsProps) {
  if (language === "node") return <NodeFields {...{ draft, mayEdit, error }} />;
  return (
    <Field label="requirements.txt" error={fieldError(error, "requirements_txt")}>
      {(control) => (
        <CodeArea
          {...control}
          className="h-56"
          readOnly={!mayEdit}
          placeholder={"requests==2.32.3\nnumpy>=2"}
          value={draft.texts.requirements_txt}
          onChange={(requirements_txt) => draft.set({ requirements_txt })}
        />
      )}
    </Field>
  );
}

/** The lock is long and rarely written by hand: it is folded until it is asked for, or refused. */
function NodeFields({ draft, mayEdit, error }: Omit<TextFieldsProps, "language">) {
  const [open, setOpen] = useState(false);
  const lockError = fieldError(error, "package_lock");
  const locked = draft.texts.package_lock.trim() !== "";
  const shown = open || lockError !== undefined;
  return (
    <>
      <Field label="package.json" error={fieldError(error, "package_json")}>
        {(control) => (
          <CodeArea
            {...control}
            className="h-56"
            readOnly={!mayEdit}
            placeholder={'{\n  "dependencies": {\n    "pg": "^8.13"\n  }\n}'}
            value={draft.texts.package_json}
            onChange={(package_json) => draft.set({ package_json })}
          />
        )}
      </Field>
      <div className="grid gap-2">
        <button
          type="button"
          aria-expanded={shown}
          onClick={() => setOpen(!shown)}
          className="flex flex-wrap items-center gap-x-1.5 justify-self-start rounded text-left font-medium hover:text-primary"
        >
          <ChevronRight className={cn("size-4 transition-transform", shown && "rotate-90")} aria-hidden />
          package-lock.json
          <span className="font-normal text-muted-foreground">
            {locked ? "fixes every version" : "none: npm chooses versions"}
          </span>
        </button>
        {shown && (
          <Field
            label={<span className="sr-only">Text of package-lock.json</span>}
            hint="As npm wrote it beside your package.json. Empty it to let npm choose."
            error={lockError}
          >
            {(control) => (
              <CodeArea
                {...control}
                className="h-56"
                readOnly={!mayEdit}
                value={draft.texts.package_lock}
                onChange={(package_lock) => draft.set({ package_lock })}
              />
            )}
          </Field>
        )}
      </div>
    </>
  );
}
