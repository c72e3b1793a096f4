import { type FormEvent, type ReactNode, useState } from "react";
import { useNavigate } from "react-router";
import type { Schema } from "@/api/client";
import { fieldError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useChangeFunction, useDuplicateFunction } from "../queries";
import { ProjectSelect } from "./project-select";

interface FunctionDialogProps {
  fn: Schema<"Function">;
  onClose: () => void;
}

/** A second function with the same code and settings. */
export function DuplicateDialog({ fn, onClose }: FunctionDialogProps) {
  const [name, setName] = useState(`${fn.name.slice(0, 58)}-copy`);
  const [project, setProject] = useState(fn.project_id);
  const navigate = useNavigate();
  const duplicate = useDuplicateFunction(fn);
  const variables = Object.keys(fn.environment ?? {});
  const submit = async () => {
    const made = await duplicate.mutateAsync({ name, project });
    onClose();
    await navigate(`/functions/${made.id}`);
    toast.done(`${made.name} is a copy of ${fn.name}`);
  };
  return (
    <FormDialog
      title={`Duplicate ${fn.name}`}
      description="Copies the code of the active version, and the settings."
      action="Duplicate"
      pending={duplicate.isPending}
      onSubmit={() => void submit().catch(() => {})}
      onClose={onClose}
    >
      <Field label="Name" error={fieldError(duplicate.error, "name")}>
        {(control) => <Input {...control} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Project" error={fieldError(duplicate.error, "project_id")}>
        {(control) => <ProjectSelect control={control} value={project} onChange={setProject} />}
      </Field>
      {variables.length > 0 && (
        <p className="text-muted-foreground">
          Its own variables ({variables.join(", ")}) stay behind: their values are not shown to anybody.
        </p>
      )}
      <ErrorNote error={duplicate.error} shown={["name", "project_id"]} />
    </FormDialog>
  );
}

/** Into another project, or out of all. */
export function MoveDialog({ fn, onClose }: FunctionDialogProps) {
  const [project, setProject] = useState(fn.project_id);
  const change = useChangeFunction(fn.id);
  const submit = () =>
    change.mutate(
      { project_id: project },
      {
        onSuccess: () => {
          onClose();
          toast.done(`${fn.name} has moved`);
        },
      },
    );
  return (
    <FormDialog
      title={`Move ${fn.name}`}
      description="It takes on the variables and members of the project it comes to. Its direct address stays."
      action="Move"
      disabled={project === fn.project_id}
      pending={change.isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label="Project" error={fieldError(change.error, "project_id")}>
        {(control) => <ProjectSelect control={control} value={project} onChange={setProject} />}
      </Field>
      <ErrorNote error={change.error} shown={["project_id"]} />
    </FormDialog>
  );
}

interface FormDialogProps {
  title: string;
  description: string;
  action: string;
  disabled?: boolean;
  pending: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

function FormDialog(props: FormDialogProps) {
  const { title, description, action, disabled, pending, onSubmit, onClose, children } = props;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!pending && !disabled) onSubmit();
  };
  return (
    <Dialog open onOpenChange={onClose} title={title} description={description}>
      <form onSubmit={submit}>
        <div className="grid gap-4">{children}</div>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={disabled} pending={pending}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
