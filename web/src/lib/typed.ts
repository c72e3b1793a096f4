import { useEffect, useRef, useState } from "react";

/** A text that is being typed: the field has it at once, and who keeps it (a URL, a query) when the keys rest. */
export function useTyped(kept: string, keep: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(kept);
  const [seen, setSeen] = useState(kept);
  if (kept !== seen) {
    setSeen(kept);
    // Changed by somebody else, unless it is what was typed before, coming back.
    if (text === seen) setText(kept);
  }
  const latest = useRef(keep);
  useEffect(() => {
    latest.current = keep;
  });
  useEffect(() => {
    if (text === kept) return;
    const timer = setTimeout(() => latest.current(text), 150);
    return () => clearTimeout(timer);
  }, [text, kept]);
  return [text, setText];
}
