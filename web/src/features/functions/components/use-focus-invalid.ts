import { useEffect, useRef } from "react";

/** For a form: what the server complains about comes into sight, ready to be mended. */
export function useFocusInvalid(error: unknown) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error]);
  return form;
}
