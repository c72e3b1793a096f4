import { Plus, Trash2 } from "lucide-react";
import { Link } from "react-router";
import { fieldError } from "@/api/error";
import { Button } from "@/components/ui/button";
import { Input, Textarea } from "@/components/ui/input";
import { twice, type Variable } from "./form";
import { Section } from "./section";
import type { Draft } from "./use-draft";

/** Tells new rows apart. */
let added = 0;

/** The function's own variables. Their values come from nobody's server back into a page. */
export function EnvironmentSection({ draft }: { draft: Draft }) {
  const { fn, values, set } = draft;
  const variables = values.environment;
  const doubled = twice(variables);
  const change = (id: string, some: Partial<Variable>) =>
    set({ environment: variables.map((each) => (each.id === id ? { ...each, ...some } : each)) });
  const add = () => set({ environment: [...variables, { id: `+${++added}`, key: "", stored: false, value: "" }] });
  return (
    <Section
      draft={draft}
      title="Variables"
      description="Of this function alone; they win over those of its project and reach the next call"
      fields={["environment"]}
      problem={doubled && `${doubled} stands there twice`}
    >
      {(error) => (
        <>
          {fn.environment === null && (
            <p className="rounded-md bg-warning-soft px-3 py-2 text-warning">
              The stored variables cannot be opened: the key of this server is another one. Those you save take their
              place.
            </p>
          )}
          {variables.length > 0 && (
            <ul className="grid gap-2">
              {variables.map((each) => (
                <VariableRow
                  key={each.id}
                  variable={each}
                  onChange={(some) => change(each.id, some)}
                  onRemove={() => set({ environment: variables.filter(({ id }) => id !== each.id) })}
                />
              ))}
            </ul>
          )}
          {fieldError(error, "environment") && (
            <p role="alert" className="text-[0.8125rem] text-danger">
              {fieldError(error, "environment")}
            </p>
          )}
          <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
            <Button size="small" onClick={add}>
              <Plus /> Add a variable
            </Button>
            {fn.project_id && (
              <Link
                to={`/projects/${fn.project_id}/environment`}
                className="text-[0.8125rem] text-primary underline-offset-4 hover:underline"
              >
                Variables of the project
              </Link>
            )}
          </div>
        </>
      )}
    </Section>
  );
}

interface VariableRowProps {
  variable: Variable;
  onChange: (change: Partial<Variable>) => void;
  onRemove: () => void;
}

function VariableRow({ variable: { key, stored, value }, onChange, onRemove }: VariableRowProps) {
  const mono = "font-mono text-[0.8125rem]";
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-2 sm:grid-cols-[minmax(0,2fr)_minmax(0,3fr)_auto]">
      <Input
        aria-label="Name"
        placeholder="NAME"
        className={mono}
        readOnly={stored}
        value={key}
        onChange={(event) => onChange({ key: event.target.value })}
      />
      <div className="col-span-2 row-start-2 flex min-w-0 gap-2 sm:col-span-1 sm:row-start-1 sm:col-start-2">
        {value === null ? (
          <>
            <Input aria-label={`Value of ${key}`} className={mono} readOnly value="****" />
            <Button aria-label={`Replace ${key}`} onClick={() => onChange({ value: "" })}>
              Replace
            </Button>
          </>
        ) : (
          <>
            <Textarea
              aria-label={`Value of ${key || "the new variable"}`}
              placeholder="value"
              rows={1}
              className={`${mono} field-sizing-content max-h-60 min-h-9 resize-none py-1.75`}
              value={value}
              onChange={(event) => onChange({ value: event.target.value })}
            />
            {stored && (
              <Button aria-label={`Keep the stored ${key}`} onClick={() => onChange({ value: null })}>
                Keep
              </Button>
            )}
          </>
        )}
      </div>
      <Button
        variant="ghost"
        size="icon"
        aria-label={`Remove ${key || "the new variable"}`}
        className="col-start-2 row-start-1 sm:col-start-3"
        onClick={onRemove}
      >
        <Trash2 />
      </Button>
    </li>
  );
}
