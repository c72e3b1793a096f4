import type { FormEvent, ReactNode } from "react";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { useFocusInvalid } from "../components/use-focus-invalid";
import { useChangeFunction } from "../queries";
import { changeOf, type Form, limitNames } from "./form";
import type { Draft } from "./use-draft";

interface SectionProps {
  draft: Draft;
  title: string;
  description: string;
  /** What is saved together. */
  fields: (keyof Form)[];
  /** Why it cannot be saved yet. */
  problem?: string | undefined;
  children: (error: unknown) => ReactNode;
}

/** Choices between what the server takes: a complaint about them has no place of its own. */
const silent: (keyof Form)[] = ["reuse", "access", "public_logs"];

/** Settings that are saved together, with a line that says whether they are. */
export function Section({ draft, title, description, fields, problem, children }: SectionProps) {
  const change = useChangeFunction(draft.fn.id);
  const changed = Object.fromEntries(
    Object.entries(draft.changed).filter(([name]) => fields.includes(name as keyof Form)),
  );
  const form = useFocusInvalid(change.error);
  const dirty = Object.keys(changed).length > 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!dirty || problem || change.isPending) return;
    change.mutate(changeOf(changed), {
      onSuccess: () => {
        draft.reset(fields);
        toast.done(`${title}: saved`);
      },
    });
  };
  const discard = () => {
    draft.reset(fields);
    change.reset();
  };
  return (
    <Card aria-label={title}>
      <form ref={form} onSubmit={submit} noValidate>
        <CardHeader title={title} description={description} />
        <CardBody className="grid gap-5">
          {children(change.error)}
          <ErrorNote error={change.error} shown={fields.filter((field) => !silent.includes(field)).map(place)} />
        </CardBody>
        <footer className="flex min-h-13 flex-wrap items-center justify-end gap-2 rounded-b-lg border-t bg-muted/40 px-5 py-2">
          <p role="status" className="min-w-0 grow text-[0.8125rem] text-muted-foreground">
            {problem ?? (dirty ? "Not saved yet" : "")}
          </p>
          {dirty && (
            <Button size="small" variant="ghost" onClick={discard}>
              Discard
            </Button>
          )}
          <Button
            type="submit"
            size="small"
            variant="primary"
            disabled={!dirty || Boolean(problem)}
            pending={change.isPending}
          >
            Save
          </Button>
        </footer>
      </form>
    </Card>
  );
}

/** Where the server says that a field does not fit. */
export function place(field: keyof Form): string {
  return (limitNames as readonly string[]).includes(field) ? `limits.${field}` : field;
}
