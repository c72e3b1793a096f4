import { useCallback, useLayoutEffect, useRef } from "react";

/** A function that stays the same one and does what the `run` does that was drawn last: for what must not be drawn anew for
 * its sake. */
export function useStable<Arguments extends unknown[], Result>(run: (...args: Arguments) => Result) {
  const latest = useRef(run);
  useLayoutEffect(() => {
    latest.current = run;
  });
  return useCallback((...args: Arguments) => latest.current(...args), []);
}
