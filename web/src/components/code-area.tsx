import { type ComponentProps, useRef } from "react";
import { cn } from "@/lib/cn";

interface CodeAreaProps extends Omit<ComponentProps<"textarea">, "onChange" | "value"> {
  value: string;
  onChange: (text: string) => void;
}

/** A text of a few lines, with their numbers. Code proper has the editor: that is heavy, this is a text area. */
export function CodeArea({ value, onChange, className, ...rest }: CodeAreaProps) {
  const numbers = useRef<HTMLPreElement>(null);
  const lines = value.split("\n").length;
  return (
    <div
      className={cn(
        "flex min-h-40 overflow-hidden rounded-md border border-input bg-card font-mono text-[0.8125rem]/5 focus-within:outline-2 focus-within:outline-ring has-aria-invalid:border-danger has-[textarea:read-only]:bg-muted/60",
        className,
      )}
    >
      <pre
        ref={numbers}
        aria-hidden
        className="w-11 shrink-0 overflow-hidden py-2 pr-2.5 text-right font-mono text-muted-foreground select-none"
      >
        {/* One line more than there can be in sight, so that it scrolls as far as the text. */}
        {`${Array.from({ length: lines }, (_, at) => at + 1).join("\n")}\n\n`}
      </pre>
      <textarea
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        className="min-w-0 grow resize-none overflow-auto bg-transparent py-2 pr-3 outline-none placeholder:text-muted-foreground"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onScroll={(event) => {
          if (numbers.current) numbers.current.scrollTop = event.currentTarget.scrollTop;
        }}
        {...rest}
      />
    </div>
  );
}
