import { CopyButton } from "@/components/copy-button";
import { cn } from "@/lib/cn";

interface CodeBlockProps {
  code: string;
  /** What it is, for its name: "curl command". */
  label: string;
  className?: string;
}

/** Code to read or to copy. */
export function CodeBlock({ code, label, className }: CodeBlockProps) {
  return (
    <div className="relative min-w-0">
      <section
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        tabIndex={0}
        className={cn("overflow-auto rounded-md border bg-muted/60 p-3 pr-11", className)}
      >
        <pre className="font-mono text-[0.8125rem] leading-relaxed">{code}</pre>
      </section>
      <CopyButton text={code} label={`Copy the ${label}`} className="absolute top-1.5 right-1.5 bg-card" />
    </div>
  );
}
