import type { ReactNode } from "react";
import { CopyButton } from "@/components/copy-button";
import { Badge } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import { bytes } from "@/lib/format";
import { Highlight } from "./highlight";
import { JsonText, prettyJson } from "./json-text";

interface TextBlockProps {
  title: string;
  text: string;
  /** Said in place of a text that is empty. */
  none?: string;
  kind: "json" | "lines" | "plain";
  truncated?: boolean;
  q: string;
  /** Stands beside the button that copies it. */
  action?: ReactNode;
  className?: string;
}

/** A text of a call under its name, with a button that copies it. */
export function TextBlock({ title, text, none, kind, truncated, q, action, className }: TextBlockProps) {
  if (!text && !none) return null;
  const shown = kind === "json" ? prettyJson(text) : text;
  return (
    <section aria-label={title}>
      <div className="mb-1 flex h-7.5 items-center gap-2">
        <h3 className="font-medium">{title}</h3>
        {text && <span className="text-xs text-muted-foreground">{bytes(new Blob([text]).size)}</span>}
        {truncated && <Badge tone="warning">Cut at 64 KB</Badge>}
        {text && (
          <div className="ml-auto flex items-center gap-1">
            {action}
            <CopyButton label={`Copy ${title.toLowerCase()}`} text={shown} />
          </div>
        )}
      </div>
      {text ? (
        <Scrolled title={title} className={className}>
          {kind === "lines" && <LineNumbers text={text} />}
          <pre className={cn("grow py-2 pr-3", kind === "lines" ? "pl-2.5" : "pl-3 whitespace-pre-wrap wrap-anywhere")}>
            {kind === "json" ? <JsonText text={shown} q={q} /> : <Highlight text={shown} q={q} />}
          </pre>
        </Scrolled>
      ) : (
        <p className="text-muted-foreground">{none}</p>
      )}
    </section>
  );
}

function Scrolled({ title, className, children }: { title: string; className?: string; children: ReactNode }) {
  return (
    <section
      aria-label={`Text of ${title.toLowerCase()}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
      tabIndex={0}
      className={cn(
        "flex max-h-96 overflow-auto rounded-md border bg-background font-mono text-xs leading-5",
        className,
      )}
    >
      {children}
    </section>
  );
}

/** Lines do not wrap, so one text of numbers stands right beside them. */
function LineNumbers({ text }: { text: string }) {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return (
    <pre
      aria-hidden
      className="sticky left-0 shrink-0 self-start border-r bg-background py-2 pr-2 pl-3 text-right text-muted-foreground select-none"
    >
      {Array.from({ length: lines }, (_, at) => at + 1).join("\n")}
    </pre>
  );
}
