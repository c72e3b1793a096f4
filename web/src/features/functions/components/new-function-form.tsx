import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import type { Schema } from "@/api/client";
import { fieldError } from "@/api/error";
import { CodeBlock } from "@/components/code-block";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useCreateFunction } from "../queries";
import { type Language, type TemplateName, templateNames, templates } from "../templates";
import { AccessChoice } from "./access-choice";
import { OwnProgram } from "./own-program";
import { ProjectSelect } from "./project-select";
import { RadioCards } from "./radio-cards";
import { useFocusInvalid } from "./use-focus-invalid";
import { runtimeNames } from "./words";

export type Runtime = Schema<"Function">["runtime"];
type Access = Schema<"Access">;

export interface Start {
  runtime: Runtime;
  template: TemplateName;
}

interface NewFunctionFormProps extends Start {
  project: Schema<"Project"> | undefined;
  onStart: (change: Partial<Start>) => void;
}

const runtimes: { value: Runtime; name: string; explanation: string }[] = [
  { value: "python", name: runtimeNames.python, explanation: "Runs in CPython" },
  { value: "nodejs", name: runtimeNames.nodejs, explanation: "Runs in Node.js" },
  { value: "provided", name: runtimeNames.provided, explanation: "Any language" },
];

const beginnings = templateNames.map((value) => ({
  value,
  name: templates[value].title,
  explanation: templates[value].description,
}));

/** What a new function needs, and beside it the code that it begins with. */
export function NewFunctionForm({ runtime, template, project, onStart }: NewFunctionFormProps) {
  const [name, setName] = useState("");
  const [projectId, setProjectId] = useState(project?.id ?? null);
  const [access, setAccess] = useState<Access>("public");
  const create = useCreateFunction();
  const form = useFocusInvalid(create.error);
  const navigate = useNavigate();
  const language: Language | undefined = runtime === "provided" ? undefined : runtime;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!language || create.isPending) return;
    const code = templates[template].code[language];
    create.mutate({ name, runtime, code, access, project_id: projectId }, { onSuccess: opened });
  };
  const opened = async (fn: Schema<"Function">) => {
    await navigate(`/functions/${fn.id}`);
    toast.done(`${fn.name} is ready to be called`);
  };
  return (
    <form
      ref={form}
      onSubmit={submit}
      className="grid gap-x-8 gap-y-6 lg:grid-cols-[minmax(0,26rem)_minmax(0,1fr)] xl:grid-cols-[minmax(0,30rem)_minmax(0,1fr)]"
    >
      <div className="grid content-start gap-5">
        <div className="grid gap-5 sm:grid-cols-2">
          {language && (
            <Field label="Name" error={fieldError(create.error, "name")} hint="Unique within its project">
              {(control) => (
                <Input {...control} autoFocus value={name} onChange={(event) => setName(event.target.value)} />
              )}
            </Field>
          )}
          <Field
            label="Project"
            error={fieldError(create.error, "project_id")}
            hint="Gives it variables, members and routes"
          >
            {(control) => <ProjectSelect control={control} value={projectId} onChange={setProjectId} />}
          </Field>
        </div>
        <StartChoice runtime={runtime} template={template} onStart={onStart} />
        {language && (
          <>
            <AccessChoice value={access} onChange={setAccess} />
            <ErrorNote error={create.error} shown={["name", "project_id"]} />
            <Button type="submit" variant="primary" className="justify-self-start" pending={create.isPending}>
              Create function
            </Button>
          </>
        )}
      </div>
      {language ? <Preview template={template} language={language} /> : <OwnProgram project={projectId} />}
    </form>
  );
}

/** What runs it, and which code it begins with. */
function StartChoice({ runtime, template, onStart }: Start & Pick<NewFunctionFormProps, "onStart">) {
  return (
    <>
      <RadioCards
        label="Runtime"
        className="sm:grid-cols-3"
        value={runtime}
        onChange={(value) => onStart({ runtime: value })}
        options={runtimes}
      />
      {runtime !== "provided" && (
        <RadioCards
          label="Begin with"
          className="sm:grid-cols-2"
          value={template}
          onChange={(value) => onStart({ template: value })}
          options={beginnings}
        />
      )}
    </>
  );
}

function Preview({ template, language }: { template: TemplateName; language: Language }) {
  const file = language === "python" ? "main.py" : "index.js";
  return (
    <div className="min-w-0 lg:sticky lg:top-6 lg:self-start">
      <CodeBlock
        code={templates[template].code[language]}
        title={<span className="font-mono">{file}</span>}
        label={`template ${templates[template].title}`}
        className="max-h-96 lg:max-h-[calc(100dvh-10rem)]"
      />
    </div>
  );
}
