import { useEffect } from "react";

/** The name in the browser's tab. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · virga`;
  }, [title]);
}
