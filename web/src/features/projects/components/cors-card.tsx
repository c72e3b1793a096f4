import { useState } from "react";
import { isAtLeast } from "@/api/use-project";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Switch } from "@/components/ui/switch";
import { corsForm, corsOf, shownCors } from "../cors";
import { useChangeProject } from "../queries";
import { CorsFields } from "./cors-fields";
import type { SettingsCardProps } from "./general-card";

/** What pages of other origins may do with the routes. */
export function CorsCard({ id, project }: SettingsCardProps) {
  const change = useChangeProject(id);
  const [form, setForm] = useState(() => corsForm(project.cors));
  const dirty = JSON.stringify(form) !== JSON.stringify(corsForm(project.cors));
  const mayEdit = isAtLeast(project.role, "editor");
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (change.isPending) return;
    change.mutate(
      { cors: corsOf(form) },
      {
        onSuccess: (saved) => {
          setForm(corsForm(saved.cors));
          toast.done("Saved");
        },
      },
    );
  };
  return (
    <Card>
      <CardHeader
        title="CORS"
        description="Browsers ask before a page of another origin calls the routes. With this on, the gateway answers them itself."
      />
      <CardBody>
        <form aria-label="CORS" onSubmit={submit}>
          <fieldset disabled={!mayEdit} className="grid gap-4">
            <Switch
              label="Let pages of other origins call the routes"
              checked={form.enabled}
              disabled={!mayEdit}
              onChange={(enabled) => setForm({ ...form, enabled })}
            />
            {form.enabled && (
              <CorsFields form={form} onChange={setForm} error={change.error} sent={change.variables?.cors} />
            )}
            <ErrorNote error={change.error} shown={form.enabled ? shownCors(change.error) : []} />
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
          </fieldset>
        </form>
      </CardBody>
    </Card>
  );
}
