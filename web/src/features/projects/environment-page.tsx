import { useQuery } from "@tanstack/react-query";
import { ClipboardPaste, KeyRound, Plus } from "lucide-react";
import type { Schema } from "@/api/client";
import { isAtLeast, useProject } from "@/api/use-project";
import { Empty } from "@/components/empty";
import { QueryView } from "@/components/query-view";
import { RoleNote } from "@/components/role-note";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { choiceParam, textParam, useSearch } from "@/lib/search";
import { EnvFileDialog } from "./components/env-file-dialog";
import { VariableForm } from "./components/variable-form";
import { VariableTable } from "./components/variable-table";
import { variablesQuery } from "./queries";

const search = { open: choiceParam("none", "add", "paste"), edit: textParam() };

/** The variables that a project gives its functions. */
export function EnvironmentPage({ project }: { project: string }) {
  const role = useProject(project).data?.role;
  const variables = useQuery(variablesQuery(project));
  return (
    <QueryView query={{ ...variables, data: role && variables.data }}>
      {(list) => role && <Environment project={project} role={role} variables={list} />}
    </QueryView>
  );
}

interface EnvironmentProps {
  project: string;
  role: Schema<"Role">;
  variables: Schema<"EnvVar">[];
}

function Environment({ project, role, variables }: EnvironmentProps) {
  const [{ open, edit }, change] = useSearch(search);
  const mayEdit = isAtLeast(role, "editor");
  const close = () => change({ open: "none" });
  const buttons = (
    <>
      <Button onClick={() => change({ open: "paste" })}>
        <ClipboardPaste /> Paste .env
      </Button>
      <Button variant="primary" onClick={() => change({ open: "add", edit: "" })}>
        <Plus /> Add variable
      </Button>
    </>
  );
  return (
    <>
      {!mayEdit && (
        <RoleNote>You are a viewer of this project: editors change its variables, owners reveal secrets.</RoleNote>
      )}
      {mayEdit && role !== "owner" && (
        <RoleNote>You are an editor of this project: only owners reveal secrets.</RoleNote>
      )}
      {variables.length > 0 && (
        <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
          <p className="text-muted-foreground">
            Every function of the project has these. A change reaches the next call, without a deploy.
          </p>
          {mayEdit && open !== "add" && <div className="flex flex-wrap gap-2">{buttons}</div>}
        </div>
      )}
      {mayEdit && open === "add" && (
        <Card className="mb-4">
          <CardHeader title="Add a variable" />
          <CardBody>
            <VariableForm project={project} onDone={close} />
          </CardBody>
        </Card>
      )}
      {variables.length > 0 ? (
        <VariableTable {...{ project, role, variables }} editing={edit} onEdit={(key) => change({ edit: key })} />
      ) : (
        open !== "add" && <NoVariablesYet action={mayEdit && buttons} />
      )}
      {mayEdit && open === "paste" && <EnvFileDialog project={project} onClose={close} />}
    </>
  );
}

function NoVariablesYet({ action }: { action: React.ReactNode }) {
  return (
    <Empty icon={KeyRound} title="No variables yet" action={action}>
      Keys, addresses and switches that every function of the project finds in its environment. A change reaches the
      next call, without a deploy.
    </Empty>
  );
}
