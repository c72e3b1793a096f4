import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { QueryView } from "@/components/query-view";
import { Time } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { actionText, detailText } from "@/lib/audit";
import { auditQuery, membersQuery } from "../queries";

type Line = Schema<"AuditLine">;

/** Who did what in the project, newest first. */
export function AuditCard({ id }: { id: string }) {
  const audit = useInfiniteQuery(auditQuery(id));
  const names = useNames(id, audit.data?.pages.flatMap(({ rows }) => rows) ?? []);
  return (
    <Card>
      <CardHeader title="Audit log" description="Who changed the project, and who looked at its secrets." />
      <CardBody>
        <QueryView query={audit} skeleton={<Skeleton className="h-96" />} isEmpty={() => false}>
          {({ pages }) => (
            <>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
              <ul aria-label="Audit log" tabIndex={0} className="max-h-96 divide-y overflow-y-auto rounded-md border">
                {pages
                  .flatMap(({ rows }) => rows)
                  .map((line) => (
                    <AuditRow key={line.number} line={line} names={names} />
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

type Names = Map<string, string>;

/** The log has ids of members: names of those who are there, or have done something. */
function useNames(id: string, lines: Line[]): Names {
  const members = useQuery(membersQuery(id)).data ?? [];
  return new Map([
    ...lines.flatMap(({ account_id, account }): [string, string][] => (account ? [[account_id, account]] : [])),
    ...members.map(({ account_id, name }): [string, string] => [account_id, name]),
  ]);
}

function AuditRow({ line, names }: { line: Line; names: Names }) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 px-3 py-2">
      <p className="min-w-0 grow wrap-anywhere">
        <span className="font-medium">{line.account ?? "Somebody who is gone"}</span> <Deed line={line} names={names} />
      </p>
      <p className="text-[0.8125rem] text-muted-foreground" title={`Credential ${line.credential}`}>
        <Time at={line.created_at} />
        {line.address && ` from ${line.address}`}
      </p>
    </li>
  );
}

function Deed({ line: { action, account_id, detail }, names }: { line: Line; names: Names }) {
  if (!action.startsWith("member."))
    return (
      <>
        {actionText(action)}{" "}
        <span className="font-mono text-[0.8125rem]" title={detail}>
          {detailText(detail, names)}
        </span>
      </>
    );
  const [member = "", role] = detail.split(" ");
  if (action === "member.remove" && member === account_id) return "left the project";
  const name = <span className="font-medium">{names.get(member) ?? member}</span>;
  return action === "member.remove" ? (
    <>removed {name}</>
  ) : (
    <>
      made {name} {role}
    </>
  );
}
