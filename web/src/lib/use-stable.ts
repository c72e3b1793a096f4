import { useCallback, useEffect, useRef } from "react";

/** A function that stays the same one and does what the latest `run` does: for what must not be drawn anew for its sake. */
export function useStable<Arguments extends unknown[], Result>(run: (...args: Arguments) => Result) {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  return useCallback((...args: Arguments) => latest.current(...args), []);
}
