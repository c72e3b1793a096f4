import { useState } from "react";
import { type Texts, textNames } from "./packages";
import type { Requirements } from "./queries";

interface Typed {
  texts: Partial<Texts>;
  /** What went out with a build: once that has succeeded it is saved, whatever the server made of blanks at its ends. */
  sent?: { build: string; texts: Partial<Texts> };
}

/** What is typed and not saved, per project. A build that fails must not take it away, nor a look at another page. */
const drafts = new Map<string, Typed>();

export interface Draft {
  /** What is stored, with what has been typed over it. */
  texts: Texts;
  /** Only what differs from what is stored. */
  changed: Partial<Texts>;
  set: (change: Partial<Texts>) => void;
  discard: () => void;
  sent: (build: string, texts: Partial<Texts>) => void;
}

export function useDraft(project: string, stored: Requirements): Draft {
  const now = () => drafts.get(project) ?? { texts: {} };
  const [typed, setTyped] = useState<Typed>(now);
  const keep = (next: Typed) => {
    drafts.set(project, next);
    setTyped(next);
  };
  // What has been saved is no draft any more: what others save afterwards is to be seen.
  const saved = textNames.filter((name) => isSaved(name, typed, stored));
  if (saved.length > 0)
    keep({
      texts: Object.fromEntries(Object.entries(typed.texts).filter(([name]) => !saved.some((is) => is === name))),
    });
  const { requirements_txt, package_json, package_lock } = stored;
  const texts = { requirements_txt, package_json, package_lock, ...typed.texts };
  const changed: Partial<Texts> = {};
  for (const name of textNames) if (texts[name] !== stored[name]) changed[name] = texts[name];
  return {
    texts,
    changed,
    set: (change) => keep({ ...now(), texts: { ...now().texts, ...change } }),
    discard: () => keep({ texts: {} }),
    sent: (build, sent) => keep({ ...now(), sent: { build, texts: sent } }),
  };
}

function isSaved(name: keyof Texts, { texts, sent }: Typed, stored: Requirements): boolean {
  const text = texts[name];
  if (text === undefined) return false;
  const built = sent !== undefined && sent.build === stored.build?.id && stored.build.status === "succeeded";
  return text === stored[name] || (built && text === sent.texts[name]);
}
