/** Where somebody goes who has signed in. Only to a page of ours: a link from elsewhere must not lead away from here. */
export function safeNext(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next)) return "/";
  try {
    // As the browser reads it: it drops tabs and turns backslashes, which can make a host of a path.
    const url = new URL(next, location.origin);
    const path = url.pathname + url.search + url.hash;
    return url.origin === location.origin && !path.startsWith("//") ? path : "/";
  } catch {
    return "/";
  }
}
