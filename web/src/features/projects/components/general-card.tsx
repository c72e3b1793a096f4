import { useState } from "react";
import { useNavigate } from "react-router";
import type { Schema } from "@/api/client";
import { isAtLeast } from "@/api/use-project";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { projectPath, slugOf } from "../address";
import { useChangeProject } from "../queries";
import { ProjectFields } from "./project-fields";

export interface SettingsCardProps {
  /** The id or slug that stands in the page's address. */
  id: string;
  project: Schema<"Project">;
}

/** Name and description. A new name has a new slug, and so other URLs: the card says so before. */
export function GeneralCard({ id, project }: SettingsCardProps) {
  const navigate = useNavigate();
  const change = useChangeProject(id);
  const [draft, setDraft] = useState<{ name: string; description: string }>();
  const fields = draft ?? { name: project.name, description: project.description };
  const dirty = fields.name !== project.name || fields.description !== project.description;
  const mayEdit = isAtLeast(project.role, "editor");
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (change.isPending) return;
    change.mutate(fields, {
      onSuccess: (saved) => {
        setDraft(undefined);
        toast.done("Saved");
        if (id !== saved.id && id !== saved.slug) navigate(`${projectPath(saved)}/settings`, { replace: true });
      },
    });
  };
  return (
    <Card>
      <CardHeader title="General" />
      <CardBody>
        <form aria-label="General" className="grid gap-4" onSubmit={submit}>
          <ProjectFields
            value={fields}
            onChange={setDraft}
            error={change.error}
            readOnly={!mayEdit}
            nameHint={<SlugHint slug={project.slug} renamed={fields.name !== project.name} name={fields.name} />}
          />
          <ErrorNote error={change.error} shown={["name", "description"]} />
          {mayEdit && (
            <Button
              type="submit"
              variant="primary"
              className="justify-self-start"
              disabled={!dirty}
              pending={change.isPending}
            >
              Save
            </Button>
          )}
        </form>
      </CardBody>
    </Card>
  );
}

function SlugHint({ slug, renamed, name }: { slug: string; renamed: boolean; name: string }) {
  if (!renamed)
    return (
      <>
        Slug: <span className="font-mono wrap-anywhere">{slug}</span>. A new name makes a new one, and so new URLs.
      </>
    );
  return (
    <span className="text-warning">
      The routes move from <span className="font-mono wrap-anywhere">/{slug}</span> to{" "}
      <span className="font-mono wrap-anywhere">/{slugOf(name)}</span>: whoever calls them must know.
    </span>
  );
}
