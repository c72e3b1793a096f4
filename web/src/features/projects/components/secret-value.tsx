import { Eye, EyeOff } from "lucide-react";
import { useEffect, useState } from "react";
import { CopyButton } from "@/components/copy-button";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { revealVariable } from "../queries";

const shownMs = 60_000;

/** The value of a secret while it is shown; it hides by itself after a minute. */
function useSecret(project: string, name: string) {
  const [value, setValue] = useState<string>();
  const [pending, setPending] = useState(false);
  useEffect(() => {
    if (value === undefined) return;
    const timer = setTimeout(() => setValue(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [value]);
  const reveal = () => {
    setPending(true);
    revealVariable(project, name)
      .then(setValue, (error: Error) => toast.error(error.message))
      .finally(() => setPending(false));
  };
  return { value, pending, reveal, hide: () => setValue(undefined) };
}

interface SecretValueProps {
  project: string;
  name: string;
  mayReveal: boolean;
}

/** Dots, and for owners a button that shows what they stand for. */
export function SecretValue({ project, name, mayReveal }: SecretValueProps) {
  const { value, pending, reveal, hide } = useSecret(project, name);
  const shown = value !== undefined;
  return (
    <div className="flex min-w-0 items-center gap-1">
      {shown ? (
        <PlainValue text={value} />
      ) : (
        <span className="font-mono text-muted-foreground">
          <span aria-hidden>••••••••</span>
          <span className="sr-only">Hidden</span>
        </span>
      )}
      {shown && <CopyButton text={value} label={`Copy the value of ${name}`} />}
      {mayReveal && (
        <Button
          variant="ghost"
          size="smallIcon"
          pending={pending}
          aria-label={`${shown ? "Hide" : "Reveal"} ${name}`}
          title={shown ? "Hide" : "Reveal. The audit log notes it."}
          onClick={shown ? hide : reveal}
        >
          {shown ? <EyeOff /> : !pending && <Eye />}
        </Button>
      )}
    </div>
  );
}

/** A value in full, of several lines if it has them. */
export function PlainValue({ text }: { text: string }) {
  if (text === "") return <span className="text-muted-foreground">Empty</span>;
  const isLong = text.length > 200 || text.split("\n").length > 6;
  return (
    <span
      tabIndex={isLong ? 0 : undefined}
      className="block max-h-32 min-w-0 overflow-y-auto font-mono text-[0.8125rem] whitespace-pre-wrap wrap-anywhere"
    >
      {text}
    </span>
  );
}
