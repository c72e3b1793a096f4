import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Ticket } from "lucide-react";
import { type ComponentProps, useRef } from "react";
import { api, type Schema, take } from "@/api/client";
import { setupQuery } from "@/api/queries";
import { Empty } from "@/components/empty";
import { QueryView } from "@/components/query-view";
import { useRowsInSight } from "@/components/rows-in-sight";
import { Time } from "@/components/time";
import { toast } from "@/components/toaster";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { SkeletonRows } from "@/components/ui/skeleton";
import { invitesKey, invitesQuery } from "../queries";
import { TabHead } from "./tab-head";

type Invite = Schema<"Invite">;

/** Who may still come, and who has. */
export function Invites({ onInvite }: { onInvite: () => void }) {
  const invites = useQuery(invitesQuery());
  const setup = useQuery(setupQuery());
  const closed = setup.data?.registration === "closed";
  const button = !closed && <Button onClick={onInvite}>Invite somebody</Button>;
  return (
    <section aria-label="Invitations" className="mt-9">
      <TabHead
        title="Invitations"
        description="Links for new accounts, each for one."
        actions={invites.data?.length !== 0 && button}
      />
      <QueryView
        query={invites}
        skeleton={<SkeletonRows rows={2} className="h-14" />}
        empty={
          <Empty icon={Ticket} title={closed ? "No new accounts" : "No invitations"} action={button}>
            {closed ? <HowToOpen /> : "Whoever opens the link of one can make an account here."}
          </Empty>
        }
      >
        {(list) => <InviteList invites={list} />}
      </QueryView>
    </section>
  );
}

const rowHeight = 61;

function InviteList({ invites }: { invites: Invite[] }) {
  const list = useRef<HTMLUListElement>(null);
  const { first, end, style, measure } = useRowsInSight(list, { rows: invites.length, height: rowHeight });
  return (
    <ul ref={list} style={style} className="divide-y rounded-lg border bg-card">
      {invites.slice(first, end).map((invite, at) => (
        <InviteRow
          key={invite.id}
          invite={invite}
          ref={measure}
          data-index={first + at}
          aria-setsize={invites.length}
          aria-posinset={first + at + 1}
        />
      ))}
    </ul>
  );
}

function HowToOpen() {
  return (
    <>
      Registration is closed on this server. Started with{" "}
      <code className="font-mono text-[0.8125rem] whitespace-nowrap">--registration invite</code> it lets you invite
      people.
    </>
  );
}

function useRevokeInvite() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (invite: Invite) =>
      take(api.DELETE("/api/invites/{invite}", { params: { path: { invite: invite.id } } })),
    onSuccess: (_detail, invite) => toast.done(invite.used_at ? "Invitation removed" : "Invitation revoked"),
    onError: (error) => toast.error(error.message),
    onSettled: () => client.invalidateQueries({ queryKey: invitesKey }),
  });
}

function InviteRow({ invite, ...rest }: { invite: Invite } & ComponentProps<"li">) {
  const revoke = useRevokeInvite();
  const who = invite.email ?? "Anybody with the link";
  const over = new Date(invite.expires_at).getTime() < Date.now();
  return (
    <li className="flex items-center gap-4 px-4 py-2.5" {...rest}>
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-x-2 font-medium">
          <span className="min-w-0 truncate">{who}</span>
          {invite.used_at ? <Badge tone="success">Used</Badge> : over && <Badge tone="warning">Ended</Badge>}
        </p>
        <p className="text-[0.8125rem] text-muted-foreground">
          Made <Time at={invite.created_at} />
          {invite.used_at ? (
            <>
              , used <Time at={invite.used_at} />
            </>
          ) : (
            <>
              , {over ? "ended" : "ends"} <Time at={invite.expires_at} />
            </>
          )}
        </p>
      </div>
      <Button
        size="small"
        pending={revoke.isPending}
        aria-label={`${invite.used_at || over ? "Remove" : "Revoke"} the invitation for ${who}`}
        onClick={() => revoke.mutate(invite)}
      >
        {invite.used_at || over ? "Remove" : "Revoke"}
      </Button>
    </li>
  );
}
