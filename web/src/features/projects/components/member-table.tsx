import { LogOut, UserMinus } from "lucide-react";
import type { Schema } from "@/api/client";
import { Cell, Row, Rows } from "@/components/rows";
import { Time } from "@/components/time";
import { toast } from "@/components/toaster";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/input";
import { useSetMember } from "../queries";
import { RoleOptions, roleTexts } from "./roles";

type Member = Schema<"Member">;

interface MemberTableProps {
  project: string;
  members: Member[];
  /** Id of the account that looks. */
  me: string;
  isOwner: boolean;
  onRemove: (member: Member) => void;
}

export function MemberTable({ project, members, me, isOwner, onRemove }: MemberTableProps) {
  return (
    <Rows
      label="Members"
      head={["Member", "Since", "Role", ["", "sr-only"]]}
      tracks="minmax(0,1fr) 8rem 8rem 6.5rem"
      tracksNarrow="minmax(0,1fr) 8rem"
    >
      {members.map((member) => (
        <Row key={member.account_id}>
          <Cell className="flex items-center gap-3 @max-2xl:col-span-full">
            <span
              aria-hidden
              className="grid size-8 shrink-0 place-items-center rounded-full bg-accent text-[0.8125rem] font-semibold text-accent-foreground uppercase"
            >
              {member.name.slice(0, 1)}
            </span>
            <div className="min-w-0">
              <p className="flex items-center gap-2 font-medium">
                <span className="truncate" title={member.name}>
                  {member.name}
                </span>
                {member.account_id === me && <Badge>You</Badge>}
              </p>
              {member.email && (
                <p className="truncate text-[0.8125rem] text-muted-foreground" title={member.email}>
                  {member.email}
                </p>
              )}
            </div>
          </Cell>
          <Cell className="text-muted-foreground @max-2xl:hidden">
            <Time at={member.created_at} />
          </Cell>
          <Cell className="@max-2xl:order-1">
            <RoleOf project={project} member={member} mayChange={isOwner} />
          </Cell>
          <Cell className="@2xl:text-right">
            {member.account_id === me ? (
              <Button size="small" onClick={() => onRemove(member)}>
                <LogOut /> Leave
              </Button>
            ) : (
              isOwner && (
                <Button
                  variant="ghost"
                  size="small"
                  aria-label={`Remove ${member.name}`}
                  onClick={() => onRemove(member)}
                >
                  <UserMinus /> Remove
                </Button>
              )
            )}
          </Cell>
        </Row>
      ))}
    </Rows>
  );
}

function RoleOf({ project, member, mayChange }: { project: string; member: Member; mayChange: boolean }) {
  const set = useSetMember(project);
  if (!mayChange) return <>{roleTexts.find(([role]) => role === member.role)?.[1]}</>;
  // What was chosen shows at once, and goes back when the server refuses.
  const role = set.isPending ? set.variables.role : member.role;
  return (
    <Select
      aria-label={`Role of ${member.name}`}
      className="h-8"
      value={role}
      onChange={(event) =>
        set.mutate(
          { member: member.account_id, role: event.target.value as Schema<"Role"> },
          { onError: (error) => toast.error(error.message) },
        )
      }
    >
      <RoleOptions />
    </Select>
  );
}
