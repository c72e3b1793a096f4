import { useEffect, useState } from "react";

/** For what opens in place of a button: when it goes, the focus is where it was before, or on the button that came back. */
export function useFocusBack() {
  const [before] = useState(() => document.activeElement);
  useEffect(() => {
    const name = before?.getAttribute("aria-label");
    return () =>
      queueMicrotask(() => {
        if (document.activeElement !== document.body || !(before instanceof HTMLElement)) return;
        const again = name ? document.querySelector<HTMLElement>(`[aria-label="${CSS.escape(name)}"]`) : null;
        (before.isConnected ? before : again)?.focus();
      });
  }, [before]);
}
