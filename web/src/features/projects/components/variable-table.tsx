import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { isAtLeast } from "@/api/use-project";
import { Cell, Row, Rows, WideRow } from "@/components/rows";
import { Time } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useDeleteVariable } from "../queries";
import { PlainValue, SecretValue } from "./secret-value";
import { VariableForm } from "./variable-form";

type Variable = Schema<"EnvVar">;

interface VariableTableProps {
  project: string;
  role: Schema<"Role">;
  variables: Variable[];
  /** The key of the one that is being changed. */
  editing: string;
  onEdit: (key: string) => void;
}

export function VariableTable({ project, role, variables, editing, onEdit }: VariableTableProps) {
  const [deleting, setDeleting] = useState<string>();
  const mayEdit = isAtLeast(role, "editor");
  return (
    <>
      <Rows
        label="Variables"
        head={["Key", "Value", "Changed", ["", "sr-only"]]}
        tracks="minmax(10rem,2fr) minmax(0,3fr) 7rem 4.25rem"
        tracksNarrow="minmax(0,1fr) 4.25rem"
      >
        {variables.map((variable) =>
          mayEdit && editing === variable.key ? (
            <WideRow key={variable.id}>
              <VariableForm project={project} variable={variable} onDone={() => onEdit("")} />
            </WideRow>
          ) : (
            <Row key={variable.id}>
              <Cell className="flex items-center gap-2">
                <span className="font-mono text-[0.8125rem] font-medium wrap-anywhere">{variable.key}</span>
                {variable.is_secret && <Badge>Secret</Badge>}
              </Cell>
              <Cell className="@max-2xl:order-1 @max-2xl:col-span-full">
                <VariableValue project={project} role={role} variable={variable} />
              </Cell>
              <Cell className="text-muted-foreground @max-2xl:order-1 @max-2xl:col-span-full @max-2xl:text-[0.8125rem]">
                <span className="@2xl:hidden">Changed </span>
                <Time at={variable.updated_at} />
              </Cell>
              <Cell className="flex justify-end gap-1">
                {mayEdit && (
                  <RowActions
                    name={variable.key}
                    onEdit={() => onEdit(variable.key)}
                    onDelete={() => setDeleting(variable.key)}
                  />
                )}
              </Cell>
            </Row>
          ),
        )}
      </Rows>
      <DeleteVariable project={project} name={deleting} onClose={() => setDeleting(undefined)} />
    </>
  );
}

function VariableValue({ project, role, variable }: { project: string; role: Schema<"Role">; variable: Variable }) {
  if (variable.is_secret)
    // Another value is another secret: nothing of the old one stays in sight.
    return (
      <SecretValue
        key={variable.updated_at}
        project={project}
        name={variable.key}
        mayReveal={isAtLeast(role, "owner")}
      />
    );
  if (variable.value === null)
    return <span className="text-danger">Cannot be opened with the server's key: set it anew.</span>;
  return <PlainValue text={variable.value} />;
}

function RowActions({ name, onEdit, onDelete }: { name: string; onEdit: () => void; onDelete: () => void }) {
  return (
    <>
      <Button variant="ghost" size="smallIcon" aria-label={`Change ${name}`} title="Change" onClick={onEdit}>
        <Pencil />
      </Button>
      <Button variant="ghost" size="smallIcon" aria-label={`Delete ${name}`} title="Delete" onClick={onDelete}>
        <Trash2 />
      </Button>
    </>
  );
}

interface DeleteVariableProps {
  project: string;
  name: string | undefined;
  onClose: () => void;
}

function DeleteVariable({ project, name, onClose }: DeleteVariableProps) {
  const remove = useDeleteVariable(project);
  const close = () => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      open={name !== undefined}
      onOpenChange={close}
      title={`Delete ${name ?? ""}?`}
      action="Delete variable"
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => name !== undefined && remove.mutate(name, { onSuccess: close })}
    >
      The functions of the project do not have it from their next call on. Its value does not come back.
    </ConfirmDialog>
  );
}
