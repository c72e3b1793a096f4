import { useEffect, useState } from "react";
import { absoluteTime, relativeTime } from "@/lib/format";

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all times in sight. */
function onTick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, 15_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** How long ago, or until when; the absolute time in the viewer's zone on hover. */
export function Time({ at, className }: { at: string; className?: string }) {
  const [, setTick] = useState(0);
  useEffect(() => onTick(() => setTick((tick) => tick + 1)), []);
  return (
    <time dateTime={at} title={absoluteTime(at)} className={className}>
      {relativeTime(at)}
    </time>
  );
}
