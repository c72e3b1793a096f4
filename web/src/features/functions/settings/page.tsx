import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { functionQuery } from "@/api/queries";
import { LeaveGuard } from "@/components/leave-guard";
import { QueryView } from "@/components/query-view";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { DeleteDialog } from "../components/delete-dialog";
import { useMayEdit } from "../queries";
import { AccessSection, SandboxSection } from "./call-sections";
import { EnvironmentSection } from "./environment-section";
import { CodeSection, GeneralSection, LimitsSection } from "./sections";
import { useDraft } from "./use-draft";

/** Everything about a function but its code. */
export function FunctionSettingsPage({ id }: { id: string }) {
  return (
    <QueryView query={useQuery(functionQuery(id))} skeleton={<SkeletonRows rows={3} className="h-64 max-w-5xl" />}>
      {(fn) => <Settings key={fn.id} fn={fn} />}
    </QueryView>
  );
}

function Settings({ fn }: { fn: Schema<"Function"> }) {
  const draft = useDraft(fn);
  const mayEdit = useMayEdit(fn);
  return (
    <>
      {!mayEdit && (
        <p className="mb-4 max-w-5xl rounded-md bg-muted px-3 py-2 text-muted-foreground">
          You are a viewer of this project: its editors and owners change these settings.
        </p>
      )}
      <fieldset disabled={!mayEdit} className="grid max-w-5xl min-w-0 gap-5">
        <legend className="sr-only">Settings of {fn.name}</legend>
        <GeneralSection draft={draft} />
        <CodeSection draft={draft} />
        <LimitsSection draft={draft} />
        <SandboxSection draft={draft} />
        <AccessSection draft={draft} />
        <EnvironmentSection draft={draft} />
        <DeleteCard fn={fn} />
      </fieldset>
      <LeaveGuard when={Object.keys(draft.changed).length > 0}>
        Some settings of {fn.name} are not saved yet.
      </LeaveGuard>
    </>
  );
}

function DeleteCard({ fn }: { fn: Schema<"Function"> }) {
  const [open, setOpen] = useState(false);
  return (
    <Card aria-label="Delete" className="border-danger/40">
      <CardHeader title="Delete this function" description="With all its versions and records. It does not come back" />
      <CardBody>
        <Button variant="dangerOutline" onClick={() => setOpen(true)}>
          Delete function
        </Button>
        <DeleteDialog fn={fn} open={open} onOpenChange={setOpen} />
      </CardBody>
    </Card>
  );
}
