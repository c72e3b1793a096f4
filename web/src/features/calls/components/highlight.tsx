import type { ReactNode } from "react";
import { lower } from "../row";

const marksMax = 200; // a letter in 64 KB of text would be thousands

/** The text, with every place marked where `q` stands. */
export function Highlight({ text, q }: { text: string; q: string }) {
  if (!q) return text;
  const parts: ReactNode[] = [];
  const where = lower(text);
  const sought = lower(q);
  let from = 0;
  for (let at = where.indexOf(sought); at >= 0 && parts.length < marksMax; at = where.indexOf(sought, from)) {
    parts.push(text.slice(from, at), <Mark key={at}>{text.slice(at, at + q.length)}</Mark>);
    from = at + q.length;
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  );
}

function Mark({ children }: { children: string }) {
  return <mark className="rounded-xs bg-warning-soft text-warning">{children}</mark>;
}
