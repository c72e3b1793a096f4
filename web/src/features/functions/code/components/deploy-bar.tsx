import { CloudUpload, Undo2 } from "lucide-react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";
import { microseconds, plural } from "@/lib/format";
import { keyNames } from "@/lib/shortcuts";
import type { Deployment } from "../use-deployment";

interface DeployBarProps {
  deployment: Deployment;
  onDiscard: () => void;
  readOnly: boolean;
}

/** Which version is in sight, what is not deployed of it, and the button that changes that. */
export function DeployBar({ deployment, onDiscard, readOnly }: DeployBarProps) {
  const { version, changed, saving, deploy } = deployment;
  return (
    <div className="flex min-h-11 shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-b px-3 py-1.5">
      <span className="font-medium">Version {version}</span>
      {changed.size > 0 ? (
        <Badge tone="accent">{plural(changed.size, "file")} not deployed</Badge>
      ) : (
        <LoadState deployment={deployment} />
      )}
      {!readOnly && (
        <div className="ml-auto flex items-center gap-2">
          {changed.size > 0 && (
            <Button variant="ghost" size="small" onClick={onDiscard}>
              <Undo2 /> Discard
            </Button>
          )}
          <span className="flex gap-1 max-sm:hidden" aria-hidden>
            {keyNames("mod+s").map((key) => (
              <Kbd key={key}>{key}</Kbd>
            ))}
          </span>
          <Button
            variant={changed.size > 0 ? "primary" : "outline"}
            size="small"
            pending={saving}
            onClick={() => deploy()}
          >
            {!saving && <CloudUpload />} Deploy
          </Button>
        </div>
      )}
    </div>
  );
}

function LoadState({ deployment: { loading, loaded } }: { deployment: Deployment }) {
  if (loading) return <span className="text-[0.8125rem] text-muted-foreground">Loading…</span>;
  if (!loaded) return <span className="text-[0.8125rem] text-muted-foreground">Deployed</span>;
  if (!loaded.loaded) return <Badge tone="danger">Does not load</Badge>;
  return <Badge tone="success">Loads in {microseconds(loaded.phases.load_us || loaded.duration_us)}</Badge>;
}
