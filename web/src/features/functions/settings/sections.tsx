import { fieldError } from "@/api/error";
import { Field } from "@/components/ui/field";
import { Input, Select, Textarea } from "@/components/ui/input";
import { ProjectSelect } from "../components/project-select";
import { runtimeNames } from "../components/words";
import type { Form } from "./form";
import { NumberField, type NumberRule } from "./number-field";
import { Section } from "./section";
import type { Draft } from "./use-draft";

/** What it is called and where it stands. */
export function GeneralSection({ draft }: { draft: Draft }) {
  const { values, set } = draft;
  return (
    <Section
      draft={draft}
      title="General"
      description="The address of direct calls stays when the name changes"
      fields={["name", "description", "project_id"]}
    >
      {(error) => (
        <>
          <div className="grid gap-5 sm:grid-cols-2">
            <Field label="Name" error={fieldError(error, "name")} hint="Unique within its project">
              {(control) => (
                <Input {...control} value={values.name} onChange={(event) => set({ name: event.target.value })} />
              )}
            </Field>
            <Field
              label="Project"
              error={fieldError(error, "project_id")}
              hint="Its variables, members and routes are those of the function"
            >
              {(control) => (
                <ProjectSelect
                  control={control}
                  value={values.project_id}
                  onChange={(project_id) => set({ project_id })}
                />
              )}
            </Field>
          </div>
          <Field label="Description" error={fieldError(error, "description")}>
            {(control) => (
              <Textarea
                {...control}
                rows={2}
                className="min-h-15"
                value={values.description}
                onChange={(event) => set({ description: event.target.value })}
              />
            )}
          </Field>
        </>
      )}
    </Section>
  );
}

const handlerHints: Record<Form["runtime"], string> = {
  python: "file.function: main.handler is handler in main.py",
  nodejs: "file.function: index.handler is handler in index.js",
  provided: "Given to the program as _HANDLER",
};

/** What runs the code, and where it begins. */
export function CodeSection({ draft }: { draft: Draft }) {
  const { values, set } = draft;
  return (
    <Section
      draft={draft}
      title="Runtime"
      description="A change makes a new version; to roll back brings the old one back"
      fields={["runtime", "handler"]}
    >
      {(error) => (
        <div className="grid gap-5 sm:grid-cols-2">
          <Field label="Runtime" error={fieldError(error, "runtime")}>
            {(control) => (
              <Select
                {...control}
                value={values.runtime}
                onChange={(event) => set({ runtime: event.target.value as Form["runtime"] })}
              >
                {Object.entries(runtimeNames).map(([value, name]) => (
                  <option key={value} value={value}>
                    {name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Handler" error={fieldError(error, "handler")} hint={handlerHints[values.runtime]}>
            {(control) => (
              <Input
                {...control}
                className="font-mono text-[0.8125rem]"
                value={values.handler}
                onChange={(event) => set({ handler: event.target.value })}
              />
            )}
          </Field>
        </div>
      )}
    </Section>
  );
}

const limits: NumberRule[] = [
  { name: "memory_mb", label: "Memory", unit: "MB", explanation: "Above it the call ends", min: 16, max: 16384 },
  {
    ...{ name: "cpu", label: "Processor", unit: "cores", explanation: "Less makes it slower", min: 0.05, max: 64 },
    step: 0.05,
  },
  { name: "timeout_ms", label: "Timeout", unit: "ms", explanation: "Longest time of a call", min: 1, max: 900000 },
  { name: "pids", label: "Processes", unit: "", explanation: "With threads, at the same time", min: 1, max: 4096 },
  { name: "tmp_mb", label: "Files in /tmp", unit: "MB", explanation: "All of them together", min: 1, max: 4096 },
  { name: "file_mb", label: "One file", unit: "MB", explanation: "Largest that it can write", min: 1, max: 4096 },
  { name: "open_files", label: "Open files", unit: "", explanation: "At the same time", min: 16, max: 4096 },
  { name: "output_kb", label: "Printed lines", unit: "KB", explanation: "Of one call", min: 1, max: 16384 },
  { name: "result_kb", label: "Result", unit: "KB", explanation: "What it may return", min: 1, max: 16384 },
];

/** What a call may use. */
export function LimitsSection({ draft }: { draft: Draft }) {
  return (
    <Section
      draft={draft}
      title="Limits"
      description="What a single call may use. They hold from the next call on"
      fields={limits.map((rule) => rule.name)}
    >
      {(error) => (
        <div className="grid gap-5 sm:grid-cols-2 xl:grid-cols-3">
          {limits.map((rule) => (
            <NumberField key={rule.name} draft={draft} rule={rule} error={error} />
          ))}
        </div>
      )}
    </Section>
  );
}
