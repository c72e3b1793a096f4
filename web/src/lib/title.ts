import { useEffect, useSyncExternalStore } from "react";

let shown = "";
const listeners = new Set<() => void>();

/** The name in the browser's tab; none yet leaves the one that is there. */
export function useTitle(title: string | undefined) {
  useEffect(() => {
    if (title === undefined) return;
    shown = title;
    document.title = `${title} · virga`;
    for (const listener of listeners) listener();
  }, [title]);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What the page in sight is called. */
export const useShownTitle = () => useSyncExternalStore(subscribe, () => shown);
