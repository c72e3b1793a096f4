import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Kbd } from "@/components/ui/kbd";
import { useShortcut } from "@/lib/shortcuts";

const restMs = 300;

/** Searches when the typing rests, or at once with Enter. */
export function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState<string>(); // not searched for yet
  const [sent, setSent] = useState(value);
  if (sent !== value && typed === undefined) setSent(value); // changed elsewhere, as by "Clear the filters"
  useShortcut("/", "Search the calls", () => input.current?.focus());
  const send = (text: string) => {
    setSent(text);
    setTyped(undefined);
    if (text !== value) onChange(text);
  };
  const latest = useRef(send);
  useEffect(() => {
    latest.current = send;
  });
  useEffect(() => {
    if (typed === undefined) return;
    const timer = setTimeout(() => latest.current(typed), restMs);
    return () => clearTimeout(timer);
  }, [typed]);
  const shown = typed ?? sent;
  return (
    <div className="relative min-w-44 grow basis-44 sm:basis-64">
      <Search className="pointer-events-none absolute top-2.5 left-3 size-4 text-muted-foreground" aria-hidden />
      <Input
        ref={input}
        type="text"
        enterKeyHint="search"
        aria-label="Search the calls"
        placeholder="Search input, output, errors and logs"
        maxLength={200}
        className="px-9 text-ellipsis"
        value={shown}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") send(shown);
          if (event.key === "Escape") input.current?.blur();
        }}
      />
      <span className="absolute top-1 right-1 grid size-7 place-items-center">
        {shown ? (
          <Button
            variant="ghost"
            size="smallIcon"
            className="size-7"
            aria-label="Clear the search"
            onClick={() => send("")}
          >
            <X />
          </Button>
        ) : (
          <span aria-hidden className="max-sm:hidden">
            <Kbd>/</Kbd>
          </span>
        )}
      </span>
    </div>
  );
}
