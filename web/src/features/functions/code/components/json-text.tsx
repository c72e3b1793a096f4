import { cn } from "@/lib/cn";
import { type JsonPiece, jsonPieces } from "../json-pieces";

const colors: Record<JsonPiece["kind"], string> = {
  key: "text-(--code-name)",
  string: "text-(--code-string)",
  number: "text-(--code-number)",
  word: "text-(--code-keyword)",
  plain: "",
};

/** Beyond it colours would cost more than they help. */
const colouredMax = 100_000;

/** A value as JSON, indented and coloured. */
export function JsonText({ value, className }: { value: unknown; className?: string }) {
  const text = JSON.stringify(value, null, 2) ?? "null";
  const pieces: JsonPiece[] = text.length > colouredMax ? [{ kind: "plain", text }] : jsonPieces(text);
  return (
    <Output className={className}>
      {pieces.map(({ kind, text }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other name
        <span key={at} className={colors[kind]}>
          {text}
        </span>
      ))}
    </Output>
  );
}

/** Text of a program, in its own letters; long ones scroll. */
export function Output({ className, ...rest }: React.ComponentProps<"pre">) {
  return (
    <pre
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
      tabIndex={0}
      className={cn(
        "max-h-80 overflow-auto rounded-md bg-muted/60 px-3 py-2 font-mono text-xs leading-5 whitespace-pre-wrap wrap-anywhere",
        className,
      )}
      {...rest}
    />
  );
}
