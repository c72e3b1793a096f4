import { Segmented } from "@/components/ui/segmented";
import { count } from "@/lib/format";
import type { Language } from "../packages";
import type { Requirements } from "../queries";
import type { Draft } from "../use-draft";

export const languageNames: Record<Language, string> = { python: "Python", node: "Node.js" };

interface LanguageTabsProps {
  language: Language;
  draft: Draft;
  stored: Requirements;
  onChange: (language: Language) => void;
}

/** Whose packages are in sight; how many each has, and a dot where something is not saved. */
export function LanguageTabs({ language, draft: { changed }, stored, onChange }: LanguageTabsProps) {
  const unsaved: Record<Language, boolean> = {
    python: changed.requirements_txt !== undefined,
    node: changed.package_json !== undefined || changed.package_lock !== undefined,
  };
  const option = (each: Language): [Language, React.ReactNode] => [
    each,
    <span key={each} className="inline-flex items-center gap-1.5">
      {languageNames[each]}
      {stored[each] && <span className="text-xs tabular-nums">{count(stored[each].packages.length)}</span>}
      {unsaved[each] && (
        <span className="size-1.5 rounded-full bg-primary">
          <span className="sr-only">not saved</span>
        </span>
      )}
    </span>,
  ];
  return (
    <Segmented label="Language" value={language} onChange={onChange} options={[option("python"), option("node")]} />
  );
}
