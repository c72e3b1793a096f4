import { ChevronRight, Code } from "lucide-react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { CopyButton } from "@/components/copy-button";
import { LinkTabs } from "@/components/link-tabs";
import { toast } from "@/components/toaster";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Switch } from "@/components/ui/switch";
import { plural } from "@/lib/format";
import { useMayEdit, useSwitchFunction } from "../queries";
import type { Target } from "../snippets";
import { FunctionMenu } from "./function-menu";
import { AccessBadge, runtimeNames } from "./words";

type Fn = Schema<"Function">;

interface FunctionHeaderProps {
  fn: Fn;
  project: Schema<"Project"> | undefined;
  targets: Target[];
  onUse: () => void;
}

/** Two rows, no more: the tabs below need the room. */
export function FunctionHeader({ fn, project, targets, onUse }: FunctionHeaderProps) {
  return (
    <header className="mb-5">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="flex min-w-0 flex-1 basis-72 flex-wrap items-center gap-x-3 gap-y-1">
          <div className="flex min-w-0 flex-wrap items-center gap-1">
            <Trail project={project} />
            <h1 className="min-w-0 text-lg font-semibold tracking-tight wrap-anywhere">{fn.name}</h1>
          </div>
          <div className="flex flex-wrap gap-1.5">
            <Badge>{runtimeNames[fn.runtime]}</Badge>
            <Badge title="The active version">v{fn.active_version}</Badge>
            <AccessBadge access={fn.access} />
          </div>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <StatusSwitch fn={fn} />
          <Button onClick={onUse}>
            <Code /> Use
          </Button>
          <FunctionMenu fn={fn} />
        </div>
      </div>
      <div className="mt-1 flex flex-col-reverse border-b lg:flex-row lg:items-center lg:justify-between lg:gap-6">
        <LinkTabs
          label="Function"
          of={fn.name}
          className="mb-0 border-b-0 lg:shrink-0"
          tabs={[
            ["", "Code"],
            ["versions", "Versions"],
            ["logs", "Log"],
            ["metrics", "Metrics"],
            ["settings", "Settings"],
          ]}
        />
        <Address targets={targets} onUse={onUse} />
      </div>
    </header>
  );
}

function Trail({ project }: { project: Schema<"Project"> | undefined }) {
  const trail: [string, string][] = [["Functions", "/functions"]];
  if (project) trail.push([project.name, `/projects/${project.id}`]);
  return (
    <nav aria-label="Breadcrumb" className="min-w-0">
      <ol className="flex min-w-0 flex-wrap items-center gap-1 text-muted-foreground">
        {trail.map(([name, to]) => (
          <li key={to} className="flex min-w-0 items-center gap-1">
            <Link to={to} className="max-w-56 truncate hover:text-foreground hover:underline">
              {name}
            </Link>
            <ChevronRight className="size-3.5 shrink-0" aria-hidden />
          </li>
        ))}
      </ol>
    </nav>
  );
}

function StatusSwitch({ fn }: { fn: Fn }) {
  const mayEdit = useMayEdit(fn);
  const status = useSwitchFunction(fn.id);
  return (
    <div className="mr-2">
      <Switch
        label="Active"
        checked={fn.status === "active"}
        disabled={!mayEdit}
        onChange={(on) => status.mutate(on ? "active" : "inactive", { onError: (error) => toast.error(error.message) })}
      />
    </div>
  );
}

/** Where it is called directly, and a way to its other addresses. */
function Address({ targets, onUse }: { targets: Target[]; onUse: () => void }) {
  const [direct, ...routes] = targets;
  if (!direct) return null;
  return (
    <div className="flex min-w-0 items-center gap-1 text-[0.8125rem]">
      <code className="min-w-0 truncate font-mono text-xs text-muted-foreground" title={direct.url}>
        {direct.method} {direct.url}
      </code>
      <CopyButton text={direct.url} label="Copy the invoke URL" />
      {routes.length > 0 && (
        <Button variant="link" className="h-7 text-[0.8125rem]" onClick={onUse}>
          {plural(routes.length, "route")}
        </Button>
      )}
    </div>
  );
}
