import { X } from "lucide-react";
import { CopyButton } from "@/components/copy-button";
import { Button } from "@/components/ui/button";

interface CellValueProps {
  name: string;
  type: string;
  value: string | null;
  onClose: () => void;
}

/** One value in full. */
export function CellValue({ name, type, value, onClose }: CellValueProps) {
  return (
    <section aria-label={`Value of ${name}`} aria-live="polite" className="sticky bottom-0 border-t bg-card shadow-lg">
      <div className="flex items-center gap-2 px-3 pt-1.5 text-[0.8125rem]">
        <span className="min-w-0 truncate font-mono font-medium">{name}</span>
        <span className="min-w-0 grow truncate text-muted-foreground">{type}</span>
        {value !== null && <CopyButton text={value} label={`Copy the value of ${name}`} />}
        <Button variant="ghost" size="smallIcon" aria-label="Close the value" title="Close" onClick={onClose}>
          <X />
        </Button>
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
        tabIndex={0}
        className="max-h-40 overflow-auto px-3 pt-1 pb-3 font-mono text-[0.8125rem]/5 whitespace-pre-wrap wrap-anywhere focus-visible:outline-offset-[-2px]"
      >
        {value === null ? <span className="text-muted-foreground italic">null</span> : readable(value, type)}
      </pre>
    </section>
  );
}

/** JSON is indented, as far as it is complete. */
function readable(value: string, type: string): string {
  if (!type.startsWith("json")) return value;
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
