import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { ErrorNote } from "@/components/error-note";
import { QueryView } from "@/components/query-view";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { diffLines, type Language, type Line, type Texts } from "../packages";
import { lockQuery } from "../queries";
import type { Draft } from "../use-draft";

interface PinDialogProps {
  project: string;
  language: Language;
  draft: Draft;
  pending: boolean;
  error: unknown;
  onClose: () => void;
  onSave: (texts: Partial<Texts>) => void;
}

/** Shows what would change if every package stood there with the version that is installed, and saves that. */
export function PinDialog({ project, language, draft, pending, error, onClose, onSave }: PinDialogProps) {
  const name = language === "python" ? "requirements_txt" : "package_lock";
  const lock = useQuery(lockQuery(project));
  const before = draft.texts[name];
  const after = lock.data?.[name] ?? "";
  const ready = lock.data !== undefined && after.trim() !== "" && after !== before;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Pin versions"
      description="Every package stands there with the version that is installed now, so that each build gives the same."
      className="w-[min(44rem,calc(100vw-2rem))]"
    >
      <div className="grid gap-4">
        <QueryView query={lock} skeleton={<Skeleton className="h-40" />}>
          {(texts) => <Change language={language} before={before} lock={texts} />}
        </QueryView>
        <ErrorNote error={error} />
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="primary" disabled={!ready} pending={pending} onClick={() => onSave({ [name]: after })}>
          Save and build
        </Button>
      </DialogActions>
    </Dialog>
  );
}

interface ChangeProps {
  language: Language;
  before: string;
  lock: Schema<"RequirementsLock">;
}

function Change({ language, before, lock }: ChangeProps) {
  const after = language === "python" ? lock.requirements_txt : lock.package_lock;
  if (!after.trim()) return <p className="text-muted-foreground">No build has told exact versions yet.</p>;
  if (after === before) return <p className="text-muted-foreground">All versions are pinned already.</p>;
  if (language === "python") return <Diff label="What changes" lines={diffLines(before, after)} />;
  return (
    <p className="text-muted-foreground">
      {before.trim() ? "Takes the place of the package-lock.json of now." : "Adds a package-lock.json."} The
      package.json stays as it is.
    </p>
  );
}

const looks: Record<Line["what"], [string, string]> = {
  same: ["text-muted-foreground", " "],
  added: ["bg-success-soft text-success", "+"],
  removed: ["bg-danger-soft text-danger", "-"],
};

function Diff({ label, lines }: { label: string; lines: Line[] }) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
      tabIndex={0}
      className="max-h-[45dvh] overflow-auto rounded-md border py-1 font-mono text-[0.8125rem]/5"
    >
      {lines.map(({ what, text }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
        <div key={at} className={cn("min-w-fit px-3 whitespace-pre", looks[what][0])}>
          {looks[what][1]} {text}
        </div>
      ))}
    </section>
  );
}
