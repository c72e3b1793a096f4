import { useState } from "react";
import { useLocation } from "react-router";
import { useShownTitle } from "@/lib/title";

/** Says the name of the page that a link has led to: the browser itself says it only of a page that is loaded anew. */
export function PageName() {
  const { pathname } = useLocation();
  const title = useShownTitle();
  const [first] = useState(pathname);
  const [moved, setMoved] = useState(false);
  if (!moved && pathname !== first) setMoved(true);
  return (
    <p aria-live="polite" className="sr-only">
      {moved && title}
    </p>
  );
}
