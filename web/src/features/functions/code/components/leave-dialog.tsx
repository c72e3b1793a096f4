import { useEffect } from "react";
import { useBlocker } from "react-router";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { plural } from "@/lib/format";

interface LeaveDialogProps {
  /** How many files are not deployed. */
  changes: number;
  /** This browser has them as a draft. */
  kept: boolean;
  onDiscard: () => void;
}

/** Asks before a page with work that is not deployed is left. What is left stays as a draft. */
export function LeaveDialog({ changes, kept, onDiscard }: LeaveDialogProps) {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) => changes > 0 && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (changes === 0) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [changes]);
  const leave = (discard: boolean) => {
    if (discard) onDiscard();
    blocker.proceed?.();
  };
  return (
    <Dialog open={blocker.state === "blocked"} onOpenChange={() => blocker.reset?.()} title="Leave without deploying?">
      <p className="text-muted-foreground">
        {plural(changes, "file")} with changes that are not deployed.{" "}
        {kept
          ? "This browser keeps them as a draft, which is here when you come back."
          : "They are too large for this browser to keep: whoever leaves loses them."}
      </p>
      <DialogActions>
        <Button variant="ghost" onClick={() => blocker.reset?.()}>
          Go on editing
        </Button>
        <Button variant="dangerOutline" onClick={() => leave(true)}>
          Discard changes
        </Button>
        {kept && (
          <Button variant="primary" onClick={() => leave(false)}>
            Leave
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
