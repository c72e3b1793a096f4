import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { toast } from "./toaster";
import { Button } from "./ui/button";

interface CopyButtonProps {
  /** What goes to the clipboard. */
  text: string;
  /** What it is, for its name: "Copy URL". */
  label: string;
  className?: string;
}

export function CopyButton({ text, label, className }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () =>
    copyText(text).then(
      () => setCopied(true),
      () => toast.error("The browser does not let this page copy. Select the text and copy it yourself."),
    );
  return (
    <Button variant="ghost" size="smallIcon" className={className} aria-label={label} title={label} onClick={copy}>
      {copied ? <Check className="text-success" /> : <Copy />}
    </Button>
  );
}

/** Plain HTTP on another host than localhost has no clipboard of its own: the old way works there. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not copied");
}
