import { type ReactNode, useState } from "react";
import { ErrorNote } from "@/components/error-note";
import { Button } from "./button";
import { Dialog, DialogActions } from "./dialog";
import { Field } from "./field";
import { Input } from "./input";

interface ConfirmDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** What will be gone, and whether it comes back. */
  children: ReactNode;
  action: string;
  /** What must be typed first, such as the name of a project with all that is in it. */
  typed?: string;
  /** "primary" when it is no loss. */
  tone?: "danger" | "primary";
  pending: boolean;
  error: unknown;
  onConfirm: () => void;
}

/** Asks before something that cannot be undone. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { open, onOpenChange, title, children, action, typed, tone = "danger", pending, error, onConfirm } = props;
  const [text, setText] = useState("");
  const ready = !typed || text === typed;
  const close = (next: boolean) => {
    setText("");
    onOpenChange(next);
  };
  return (
    <Dialog open={open} onOpenChange={close} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !pending) onConfirm();
        }}
      >
        <div className="grid gap-4">
          <div className="text-muted-foreground">{children}</div>
          {typed && (
            <Field
              label={
                <>
                  Type <code className="rounded bg-muted px-1 py-0.5 font-mono">{typed}</code> to confirm
                </>
              }
            >
              {(control) => <Input {...control} value={text} onChange={(event) => setText(event.target.value)} />}
            </Field>
          )}
          <ErrorNote error={error} />
        </div>
        <DialogActions>
          <Button onClick={() => close(false)}>Cancel</Button>
          <Button type="submit" variant={tone} disabled={!ready} pending={pending}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
