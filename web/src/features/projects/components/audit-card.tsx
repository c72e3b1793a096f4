import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { QueryView } from "@/components/query-view";
import { Time } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { auditQuery, membersQuery } from "../queries";

type Line = Schema<"AuditLine">;

const actions: Record<string, string> = {
  "project.create": "made the project",
  "project.update": "changed the project",
  "member.set": "set the role of",
  "member.remove": "removed",
  "variable.set": "set the variable",
  "variable.delete": "deleted the variable",
  "variable.reveal": "revealed the secret",
  "variables.replace": "replaced the variables",
  "domain.add": "added the domain",
  "domain.remove": "removed the domain",
};

/** Who did what in the project, newest first. */
export function AuditCard({ id }: { id: string }) {
  const audit = useInfiniteQuery(auditQuery(id));
  return (
    <Card>
      <CardHeader title="Audit log" description="Who changed the project, and who looked at its secrets." />
      <CardBody>
        <QueryView query={audit} isEmpty={() => false}>
          {({ pages }) => (
            <>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
              <ul aria-label="Audit log" tabIndex={0} className="max-h-96 divide-y overflow-y-auto rounded-md border">
                {pages
                  .flatMap(({ rows }) => rows)
                  .map((line) => (
                    <AuditRow key={line.number} id={id} line={line} />
                  ))}
              </ul>
              {audit.hasNextPage && (
                <Button className="mt-3" pending={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
                  Show older
                </Button>
              )}
            </>
          )}
        </QueryView>
      </CardBody>
    </Card>
  );
}

function AuditRow({ id, line }: { id: string; line: Line }) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 px-3 py-2">
      <p className="min-w-0 grow wrap-anywhere">
        <span className="font-medium">{line.account ?? "Somebody who is gone"}</span>{" "}
        {actions[line.action] ?? line.action} <AuditObject id={id} line={line} />
      </p>
      <p className="text-[0.8125rem] text-muted-foreground">
        <Time at={line.created_at} /> from {line.address || "this machine"} with a {line.credential}
      </p>
    </li>
  );
}

/** Members stand there by their id: those who are still there have a name. */
function AuditObject({ id, line }: { id: string; line: Line }) {
  const members = useQuery(membersQuery(id)).data;
  if (!line.action.startsWith("member.")) return <span className="font-mono text-[0.8125rem]">{line.detail}</span>;
  const [account, role] = line.detail.split(" ");
  const name = members?.find((each) => each.account_id === account)?.name ?? account;
  return (
    <>
      <span className="font-medium">{name}</span>
      {line.action === "member.set" && ` to ${role}`}
    </>
  );
}
