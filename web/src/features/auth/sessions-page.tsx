import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { MonitorSmartphone } from "lucide-react";
import { useState } from "react";
import { api, take } from "@/api/client";
import { accountQuery } from "@/api/queries";
import { Empty } from "@/components/empty";
import { QueryView } from "@/components/query-view";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { SkeletonRows } from "@/components/ui/skeleton";
import { plural } from "@/lib/format";
import { SessionList } from "./components/session-list";
import { TabHead } from "./components/tab-head";
import { sessionsKey, sessionsQuery } from "./queries";

/** Where the account is signed in. */
export function SessionsPage() {
  const { data: account } = useSuspenseQuery(accountQuery());
  const sessions = useQuery(sessionsQuery());
  const others = sessions.data?.filter((each) => !each.current).length ?? 0;
  const here = account.credential.kind === "session";
  return (
    <div className="max-w-3xl">
      <TabHead
        title="Sessions"
        description="Where you are signed in. A session ends by itself after seven days."
        actions={(sessions.data?.length ?? 0) > 0 && <EndOthers count={others} keepsThis={here} />}
      />
      <QueryView
        query={sessions}
        skeleton={<SkeletonRows rows={2} className="h-16" />}
        empty={
          <Empty icon={MonitorSmartphone} title="Nobody is signed in">
            Sessions are of people who sign in with a password. Keys and the owner's key have none.
          </Empty>
        }
      >
        {(list) => <SessionList sessions={list} />}
      </QueryView>
    </div>
  );
}

function useEndOthers() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE("/api/sessions")),
    onSuccess: ({ count }) => toast.done(`${plural(count, "session")} ended`),
    onSettled: () => client.invalidateQueries({ queryKey: sessionsKey }),
  });
}

function EndOthers({ count, keepsThis }: { count: number; keepsThis: boolean }) {
  const [asking, setAsking] = useState(false);
  const end = useEndOthers();
  const close = () => {
    setAsking(false);
    end.reset();
  };
  const name = keepsThis ? "End all others" : "End all sessions";
  return (
    <>
      <Button disabled={count === 0} onClick={() => setAsking(true)}>
        {name}
      </Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={close}
        title={name}
        action={`End ${plural(count, "session")}`}
        pending={end.isPending}
        error={end.error}
        onConfirm={() => end.mutate(undefined, { onSuccess: close })}
      >
        Whoever is signed in there has to sign in again. {keepsThis && "This session goes on."}
      </ConfirmDialog>
    </>
  );
}
