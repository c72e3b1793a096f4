import { useState } from "react";
import { fieldError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useSaveInput } from "../queries";

interface SaveInputDialogProps {
  id: string;
  text: string;
  onClose: () => void;
  onSaved: (name: string) => void;
}

/** Asks for the name of an input and saves it with the function. */
export function SaveInputDialog({ id, text, onClose, onSaved }: SaveInputDialogProps) {
  const [name, setName] = useState("");
  const save = useSaveInput(id);
  const submit = () =>
    save.mutate(
      { name, input: text },
      {
        onSuccess: () => {
          onSaved(name);
          onClose();
          toast.done(`${name} is saved.`);
        },
      },
    );
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Save this input"
      description="Everybody who works on the function sees it."
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (name && !save.isPending) submit();
        }}
      >
        <Field
          label="Name"
          hint="Letters, digits, spaces, dots, hyphens and underscores."
          error={fieldError(save.error, "name")}
        >
          {(control) => (
            <Input {...control} maxLength={64} value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <ErrorNote error={save.error} shown={["name"]} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={!name} pending={save.isPending}>
            Save input
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
