import { useEffect, useRef } from "react";

/** What the package managers say. It stays at its end, unless somebody reads further up. */
export function BuildLog({ text, live }: { text: string; live: boolean }) {
  const pre = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: more text makes it longer
  useEffect(() => {
    if (pre.current && atEnd.current) pre.current.scrollTop = pre.current.scrollHeight;
  }, [text]);
  return (
    <pre
      ref={pre}
      role="log"
      aria-live="off"
      aria-label="Build log"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollTop + clientHeight > scrollHeight - 24;
      }}
      className="h-56 overflow-auto rounded-md bg-muted/60 px-3 py-2 font-mono text-xs/5 whitespace-pre-wrap wrap-anywhere"
    >
      {text || <span className="text-muted-foreground">{live ? "Nothing is said yet." : "No log was kept."}</span>}
    </pre>
  );
}
