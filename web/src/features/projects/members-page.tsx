import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { accountQuery } from "@/api/queries";
import { useProject } from "@/api/use-project";
import { QueryView } from "@/components/query-view";
import { RoleNote } from "@/components/role-note";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { AddMember } from "./components/add-member";
import { MemberTable } from "./components/member-table";
import { RemoveMember } from "./components/remove-member";
import { roleTexts } from "./components/roles";
import { membersQuery } from "./queries";

/** Who works on a project, and what each of them may do. */
export function MembersPage({ project }: { project: string }) {
  const role = useProject(project).data?.role;
  const me = useQuery(accountQuery()).data?.id;
  const members = useQuery(membersQuery(project));
  const [removing, setRemoving] = useState<Schema<"Member">>();
  const isOwner = role === "owner";
  return (
    <QueryView query={{ ...members, data: role && me ? members.data : undefined }}>
      {(list) => (
        <div className="grid gap-5 2xl:grid-cols-[minmax(0,1fr)_22rem] 2xl:items-start">
          <div className="min-w-0">
            {isOwner ? (
              <AddMember project={project} />
            ) : (
              <RoleNote>Only owners add members and change roles. You can leave at any time.</RoleNote>
            )}
            <MemberTable project={project} members={list} me={me ?? ""} isOwner={isOwner} onRemove={setRemoving} />
          </div>
          <RoleGuide />
          {removing && (
            <RemoveMember
              project={project}
              member={removing}
              leaving={removing.account_id === me}
              onClose={() => setRemoving(undefined)}
            />
          )}
        </div>
      )}
    </QueryView>
  );
}

function RoleGuide() {
  return (
    <Card>
      <CardHeader title="Roles" description="Each may do what those before it may." />
      <CardBody>
        <dl className="grid gap-3 sm:max-2xl:grid-cols-3 sm:max-2xl:gap-6">
          {roleTexts.map(([role, name, text]) => (
            <div key={role}>
              <dt className="font-medium">{name}</dt>
              <dd className="text-muted-foreground">{text}</dd>
            </div>
          ))}
        </dl>
      </CardBody>
    </Card>
  );
}
