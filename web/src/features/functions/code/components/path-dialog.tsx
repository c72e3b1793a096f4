import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { pathProblem } from "../files";

interface PathDialogProps {
  title: string;
  action: string;
  /** What it is called now, or the folder that a new file is to be in. */
  start: string;
  others: string[];
  onClose: () => void;
  onPath: (path: string) => void;
}

/** Asks where a file is to be. */
export function PathDialog({ title, action, start, others, onClose, onPath }: PathDialogProps) {
  const [path, setPath] = useState(start);
  const [tried, setTried] = useState(false);
  const problem = pathProblem(path, others);
  return (
    <Dialog open onOpenChange={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (problem) return;
          onClose();
          onPath(path);
        }}
      >
        <Field
          label="Path"
          hint="Folders are part of it, such as lib/prices.py."
          error={tried && problem ? problem : undefined}
        >
          {(control) => (
            <Input
              {...control}
              className="font-mono"
              value={path}
              onChange={(event) => setPath(event.target.value.trimStart())}
            />
          )}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary">
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
