import { UserPlus } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import { useSetMember } from "../queries";
import { RoleOptions } from "./roles";

/** Lets an account of this server into the project. */
export function AddMember({ project }: { project: string }) {
  const set = useSetMember(project);
  const [who, setWho] = useState("");
  const [role, setRole] = useState<Schema<"Role">>("editor");
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    const member = who.trim();
    if (!member || set.isPending) return;
    set.mutate(
      { member, role },
      {
        onSuccess: ({ name }) => {
          setWho("");
          toast.done(`${name} is a member now`);
        },
      },
    );
  };
  return (
    <Card className="mb-4">
      <CardHeader title="Add a member" description="Somebody who has an account on this server." />
      <CardBody className="@container">
        <form className="grid items-end gap-3 @lg:grid-cols-[minmax(0,1fr)_9rem_auto]" onSubmit={submit}>
          <Field label="Name or e-mail address">
            {(control) => <Input {...control} value={who} onChange={(event) => setWho(event.target.value)} />}
          </Field>
          <Field label="Role">
            {(control) => (
              <Select {...control} value={role} onChange={(event) => setRole(event.target.value as Schema<"Role">)}>
                <RoleOptions />
              </Select>
            )}
          </Field>
          <Button type="submit" variant="primary" pending={set.isPending} disabled={!who.trim()}>
            {!set.isPending && <UserPlus />} Add member
          </Button>
          <ErrorNote className="@lg:col-span-3" error={set.error} />
        </form>
      </CardBody>
    </Card>
  );
}
