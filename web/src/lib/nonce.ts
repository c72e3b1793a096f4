/** The page's policy takes style elements with the nonce that the server put into this very page, and no others. */
import { setNonce } from "get-nonce";

export const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/** For libraries that ask get-nonce when they make a style element. */
export function provideNonce() {
  setNonce(nonce);
}

/** For libraries that do not: every style element made from now on carries it. */
export function stampStyles() {
  const make = document.createElement.bind(document);
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const element = make(name, options);
    if (name.toLowerCase() === "style") element.setAttribute("nonce", nonce);
    return element;
  }) as typeof document.createElement;
}
