import { useState } from "react";
import { ErrorNote } from "@/components/error-note";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { useShortcut } from "@/lib/shortcuts";
import { addPackage, asksFor, type Language, type Texts } from "../packages";
import { isUnderWay, type Requirements, useStartBuild } from "../queries";
import type { Draft } from "../use-draft";
import { AddPackage } from "./add-package";
import { PinDialog } from "./pin-dialog";
import { SaveBar } from "./save-bar";
import { TextFields } from "./text-fields";

interface RequirementsEditorProps {
  project: string;
  language: Language;
  draft: Draft;
  stored: Requirements;
  mayEdit: boolean;
  /** A package that is about to be added, from the address. */
  add: string;
  onAdd: (text: string) => void;
  onBuild: (id: string) => void;
}

const titles: Record<Language, [string, string]> = {
  python: ["Python packages", "A package a line, with versions if you like, as pip reads them"],
  node: ["Node.js packages", "The dependencies of a package.json, as npm reads it"],
};

/** What a project asks for in one language, and the button that installs it. */
export function RequirementsEditor(props: RequirementsEditorProps) {
  const { project, language, draft, stored, mayEdit, add, onAdd, onBuild } = props;
  const [pinning, setPinning] = useState(false);
  const start = useStartBuild(project);
  const building = stored.build !== null && isUnderWay(stored.build);
  const save = (texts: Partial<Texts>, refresh = false) => {
    if (!mayEdit || building || start.isPending) return;
    if (!refresh && Object.keys(texts).length === 0) return;
    const onSuccess = ({ id }: { id: string }) => {
      draft.sent(id, texts);
      onBuild(id);
    };
    start.mutate({ ...texts, refresh }, { onSuccess });
  };
  useShortcut("mod+s", "Save and build the packages", () => save(draft.changed));
  const name = language === "python" ? "requirements_txt" : "package_json";
  const addNow = (what: string, build: boolean) => {
    const { text, problem } = addPackage(language, draft.texts[name], what);
    if (problem) return problem;
    draft.set({ [name]: text });
    if (build) save({ ...draft.changed, [name]: text });
    return undefined;
  };
  const fields = language === "python" ? ["requirements_txt"] : ["package_json", "package_lock"];
  return (
    <Card aria-label={titles[language][0]}>
      <CardHeader title={titles[language][0]} description={titles[language][1]} />
      <CardBody className="grid grid-cols-1 gap-4">
        {mayEdit && (
          <AddPackage
            language={language}
            asked={add}
            onAsked={onAdd}
            onAdd={addNow}
            pending={start.isPending}
            building={building}
          />
        )}
        <TextFields {...{ language, draft, mayEdit }} error={start.error} />
        <ErrorNote error={start.error} shown={fields} />
      </CardBody>
      {mayEdit && (
        <SaveBar
          draft={draft}
          pending={start.isPending}
          building={building}
          canPin={stored[language] !== null}
          canRefresh={asksFor(language, draft.texts)}
          onSave={(refresh) => save(refresh ? {} : draft.changed, refresh)}
          onPin={() => setPinning(true)}
          onDiscard={start.reset}
        />
      )}
      {pinning && (
        <PinDialog
          {...{ project, language, draft }}
          pending={start.isPending}
          error={start.error}
          onClose={() => setPinning(false)}
          onSave={(texts) => {
            draft.set(texts);
            setPinning(false);
            save({ ...draft.changed, ...texts });
          }}
        />
      )}
    </Card>
  );
}
