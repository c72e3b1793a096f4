import { useState } from "react";
import { type Texts, textNames } from "./packages";
import type { Requirements } from "./queries";

/** What is typed and not saved, per project. A build that fails must not take it away, nor a look at another page. */
const drafts = new Map<string, Partial<Texts>>();

export interface Draft {
  /** What is stored, with what has been typed over it. */
  texts: Texts;
  /** Only what differs from what is stored. */
  changed: Partial<Texts>;
  set: (change: Partial<Texts>) => void;
  discard: () => void;
}

export function useDraft(project: string, stored: Requirements): Draft {
  const [typed, setTyped] = useState(() => drafts.get(project) ?? {});
  const keep = (next: Partial<Texts>) => {
    drafts.set(project, next);
    setTyped(next);
  };
  // What has been saved is no draft any more: what others save afterwards is to be seen.
  const same = textNames.filter((name) => typed[name] !== undefined && typed[name] === stored[name]);
  if (same.length > 0)
    keep(Object.fromEntries(Object.entries(typed).filter(([name]) => !same.some((each) => each === name))));
  const { requirements_txt, package_json, package_lock } = stored;
  const texts = { requirements_txt, package_json, package_lock, ...typed };
  const changed: Partial<Texts> = {};
  for (const name of textNames) if (texts[name] !== stored[name]) changed[name] = texts[name];
  return { texts, changed, set: (change) => keep({ ...typed, ...change }), discard: () => keep({}) };
}
