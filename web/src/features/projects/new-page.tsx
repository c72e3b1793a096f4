import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { Card, CardBody } from "@/components/ui/card";
import { projectPath, slugOf } from "./address";
import { ProjectFields } from "./components/project-fields";
import { useCreateProject } from "./queries";

/** Makes a project and leads to it. */
export function NewProjectPage() {
  const navigate = useNavigate();
  const create = useCreateProject();
  const [fields, setFields] = useState({ name: "", description: "" });
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate(fields, { onSuccess: (project) => navigate(projectPath(project)) });
  };
  return (
    <>
      <PageHeader title="New project" trail={[["Projects", "/projects"]]} />
      <Card className="max-w-2xl">
        <CardBody className="pt-5">
          <form className="grid gap-4" onSubmit={submit}>
            <ProjectFields
              value={fields}
              onChange={setFields}
              error={create.error}
              focus
              nameHint={
                !fields.name.trim() ? (
                  "A short form of it becomes part of the URLs of its routes."
                ) : (
                  <>
                    Its routes will be below{" "}
                    <span className="font-mono break-all">/api/gateway/{slugOf(fields.name)}</span>, with a number
                    behind it when that is taken.
                  </>
                )
              }
            />
            <ErrorNote error={create.error} shown={["name", "description"]} />
            <div className="flex gap-2">
              <Button type="submit" variant="primary" pending={create.isPending}>
                Create project
              </Button>
              <Button asChild variant="ghost">
                <Link to="/projects">Cancel</Link>
              </Button>
            </div>
          </form>
        </CardBody>
      </Card>
    </>
  );
}
