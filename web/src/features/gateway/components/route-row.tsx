import { Pencil, Play, Trash2 } from "lucide-react";
import type { ComponentProps } from "react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { CopyButton } from "@/components/copy-button";
import { Cell, Row } from "@/components/rows";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { type Route, unsavedId } from "../queries";
import { MethodBadge } from "./method-badge";
import { PathText } from "./path-text";

interface RouteRowProps {
  url: string;
  route: Route;
  of: Schema<"Function"> | undefined;
  mayEdit: boolean;
  hit: boolean;
  onTry: () => void;
  onEdit: () => void;
  onRemove: () => void;
  /** Its place in a long table. */
  place: ComponentProps<"div">;
}

export function RouteRow({ url, route, of, mayEdit, hit, onTry, onEdit, onRemove, place }: RouteRowProps) {
  const name = `${route.method} ${route.path}`;
  const saved = route.id !== unsavedId;
  return (
    <Row
      {...place}
      aria-current={hit || undefined}
      className={cn(hit && "bg-accent/60 shadow-[inset_3px_0_var(--primary)] hover:bg-accent", !saved && "opacity-60")}
    >
      <Cell>
        <MethodBadge method={route.method} className="w-18" />
      </Cell>
      <Cell>
        <PathText path={route.path} />
        <p className="truncate font-mono text-xs text-muted-foreground" title={url}>
          {url}
        </p>
      </Cell>
      <Cell className="truncate @max-2xl:col-span-full">
        {of ? (
          <Link to={`/functions/${of.id}`} className="hover:underline">
            {of.name}
          </Link>
        ) : (
          <span className="text-muted-foreground">Unknown</span>
        )}
      </Cell>
      <Cell className="text-muted-foreground wrap-anywhere @max-2xl:col-span-full">{route.description}</Cell>
      <Cell className="flex justify-end gap-0.5 @max-2xl:col-span-full @max-2xl:justify-start">
        <CopyButton text={url} label={`Copy the URL of ${name}`} />
        <Action label={`Try ${name}`} title="Try it" icon={Play} onClick={onTry} />
        {mayEdit && saved && (
          <>
            <Action label={`Change ${name}`} title="Change" icon={Pencil} onClick={onEdit} />
            <Action label={`Delete ${name}`} title="Delete" icon={Trash2} onClick={onRemove} />
          </>
        )}
      </Cell>
    </Row>
  );
}

interface ActionProps {
  label: string;
  title: string;
  icon: typeof Play;
  onClick: () => void;
}

function Action({ label, title, icon: Icon, onClick }: ActionProps) {
  return (
    <Button variant="ghost" size="smallIcon" aria-label={label} title={title} onClick={onClick}>
      <Icon />
    </Button>
  );
}
