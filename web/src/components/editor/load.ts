import { stampStyles } from "@/lib/nonce";

export type Monaco = typeof import("./monaco");

let loading: Promise<Monaco> | undefined;

/** The editor, fetched once. A failed attempt is forgotten, so that the next one may succeed. */
export function loadMonaco(): Promise<Monaco> {
  if (!loading) {
    stampStyles();
    loading = import("./monaco");
    loading.catch(() => {
      loading = undefined;
    });
  }
  return loading;
}
