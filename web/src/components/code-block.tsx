import type { ReactNode } from "react";
import { CopyButton } from "@/components/copy-button";
import { cn } from "@/lib/cn";

interface CodeBlockProps {
  code: string;
  /** What it is, for its name: "curl command". */
  label: string;
  /** At the left of the line above, where the button to copy stands. */
  title: ReactNode;
  className?: string;
}

/** Code to read or to copy. */
export function CodeBlock({ code, label, title, className }: CodeBlockProps) {
  return (
    <div className="min-w-0 overflow-hidden rounded-lg border bg-card">
      <div className="flex min-h-10 items-center justify-between gap-2 border-b bg-muted/50 py-1 pr-1.5 pl-3">
        <div className="min-w-0 overflow-x-auto text-xs whitespace-nowrap [scrollbar-width:none] text-muted-foreground">
          {title}
        </div>
        <CopyButton text={code} label={`Copy the ${label}`} />
      </div>
      <section
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        tabIndex={0}
        className={cn("overflow-auto p-3 focus-visible:outline-offset-[-2px]", className)}
      >
        <pre className="font-mono text-xs/5">{code}</pre>
      </section>
    </div>
  );
}
