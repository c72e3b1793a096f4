import { Eye, EyeOff, KeyRound } from "lucide-react";
import { useEffect, useState } from "react";
import { CopyButton } from "@/components/copy-button";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import type { DatabaseProps } from "../page";
import { revealUrl, useRotate } from "../queries";

const shownMs = 60_000;

/** The URL with its password while it is shown; it hides by itself after a minute. */
function useRevealed(project: string) {
  const [url, setUrl] = useState<string>();
  const [pending, setPending] = useState(false);
  useEffect(() => {
    if (url === undefined) return;
    const timer = setTimeout(() => setUrl(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [url]);
  const reveal = () => {
    setPending(true);
    revealUrl(project)
      .then(setUrl, (error: Error) => toast.error(error.message))
      .finally(() => setPending(false));
  };
  return { url, pending, reveal, hide: () => setUrl(undefined) };
}

/** Where the database is, with its password for owners who ask. */
export function ConnectionCard({ id, project, database }: DatabaseProps) {
  const { url, pending, reveal, hide } = useRevealed(id);
  const [rotating, setRotating] = useState(false);
  const isOwner = project.role === "owner";
  return (
    <Card aria-label="Connection">
      <CardHeader
        title="Connection"
        description="Functions find it as DATABASE_URL"
        actions={
          isOwner && (
            <Button size="small" onClick={() => setRotating(true)}>
              <KeyRound /> Change password
            </Button>
          )
        }
      />
      <CardBody>
        <div className="flex min-h-11 items-center gap-1 rounded-md bg-muted/60 py-1 pr-1.5 pl-3">
          <code className="min-w-0 grow font-mono text-[0.8125rem] wrap-anywhere">{url ?? database.database_url}</code>
          {url !== undefined && <CopyButton text={url} label="Copy the URL" />}
          {isOwner && (
            <Button
              variant="ghost"
              size="smallIcon"
              pending={pending}
              aria-label={url === undefined ? "Reveal the password" : "Hide the password"}
              title={url === undefined ? "Reveal. The audit log notes it." : "Hide"}
              onClick={url === undefined ? reveal : hide}
            >
              {url === undefined ? !pending && <Eye /> : <EyeOff />}
            </Button>
          )}
        </div>
        {!isOwner && (
          <p className="mt-2 text-[0.8125rem] text-muted-foreground">Owners of the project can see its password.</p>
        )}
      </CardBody>
      {rotating && <RotateDialog id={id} onDone={hide} onClose={() => setRotating(false)} />}
    </Card>
  );
}

function RotateDialog({ id, onDone, onClose }: { id: string; onDone: () => void; onClose: () => void }) {
  const rotate = useRotate(id);
  const done = () => {
    onDone();
    onClose();
    toast.done("The password is a new one");
  };
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title="Change the password?"
      action="Change password"
      tone="primary"
      pending={rotate.isPending}
      error={rotate.error}
      onConfirm={() => rotate.mutate(undefined, { onSuccess: done })}
    >
      Functions get the new one with their next call; connections that are open stay. Whatever else knows the old one
      cannot connect with it any more.
    </ConfirmDialog>
  );
}
