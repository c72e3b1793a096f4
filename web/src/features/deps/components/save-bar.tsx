import { ListChecks, PackageCheck, RefreshCw } from "lucide-react";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import type { Draft } from "../use-draft";

interface SaveBarProps {
  draft: Draft;
  pending: boolean;
  /** A build is under way: another one has to wait. */
  building: boolean;
  /** There are versions to pin. */
  canPin: boolean;
  /** Something is asked for that may have newer versions. */
  canRefresh: boolean;
  onSave: (refresh: boolean) => void;
  onPin: () => void;
  onDiscard: () => void;
}

/** Whether what is typed is saved, and what can be done with it. */
export function SaveBar({ draft, pending, building, canPin, canRefresh, onSave, onPin, onDiscard }: SaveBarProps) {
  const dirty = Object.keys(draft.changed).length > 0;
  const discard = () => {
    const { changed } = draft;
    draft.discard();
    onDiscard();
    toast.done("Your changes are discarded.", { label: "Undo", run: () => draft.set(changed) });
  };
  return (
    <footer className="flex min-h-13 flex-wrap items-center justify-end gap-2 rounded-b-lg border-t bg-muted/40 px-5 py-2">
      <p role="status" className="min-w-24 grow text-[0.8125rem] text-muted-foreground">
        {building ? "A build is under way" : dirty ? "Not saved yet" : ""}
      </p>
      {dirty && !building && (
        <Button size="small" variant="ghost" onClick={discard}>
          Discard
        </Button>
      )}
      {canPin && !building && (
        <Button size="small" onClick={onPin}>
          <ListChecks /> Pin versions
        </Button>
      )}
      {!dirty && canRefresh && !building && (
        <Button
          size="small"
          pending={pending}
          title="Installs the newest versions that fit, also when nothing has changed"
          onClick={() => onSave(true)}
        >
          {!pending && <RefreshCw />} Build anew
        </Button>
      )}
      <Button
        size="small"
        variant="primary"
        disabled={!dirty || building}
        pending={dirty && pending}
        onClick={() => onSave(false)}
      >
        {!(dirty && pending) && <PackageCheck />} Save and build
      </Button>
    </footer>
  );
}
