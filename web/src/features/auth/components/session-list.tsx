import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Monitor, Smartphone, SquareTerminal } from "lucide-react";
import { api, type Schema, take } from "@/api/client";
import { Time } from "@/components/time";
import { toast } from "@/components/toaster";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { sessionsKey } from "../queries";
import { device } from "../words";

type Session = Schema<"SessionRow">;

const icons = { desktop: Monitor, phone: Smartphone, program: SquareTerminal };

/** Takes the session from the list at once; an error puts it back. */
function useEndSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (session: string) => take(api.DELETE("/api/sessions/{session}", { params: { path: { session } } })),
    onMutate: async (id) => {
      await client.cancelQueries({ queryKey: sessionsKey });
      const before = client.getQueryData<Session[]>(sessionsKey);
      client.setQueryData<Session[]>(sessionsKey, (list) => list?.filter((each) => each.id !== id));
      return before;
    },
    onSuccess: () => toast.done("Session ended"),
    onError: (error, _id, before) => {
      client.setQueryData(sessionsKey, before);
      toast.error(error.message);
    },
    onSettled: () => client.invalidateQueries({ queryKey: sessionsKey }),
  });
}

export function SessionList({ sessions }: { sessions: Session[] }) {
  const end = useEndSession();
  return (
    <ul className="divide-y rounded-lg border bg-card">
      {sessions.map((session) => (
        <SessionRow key={session.id} session={session} onEnd={() => end.mutate(session.id)} />
      ))}
    </ul>
  );
}

function SessionRow({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const { name, kind } = device(session.agent);
  const Icon = icons[kind];
  return (
    <li className="flex items-center gap-3.5 px-4 py-3 sm:px-5">
      <Icon className="size-5 shrink-0 text-muted-foreground" strokeWidth={1.75} aria-hidden />
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-0.5 font-medium" title={session.agent}>
          {name} {session.current && <Badge tone="success">This session</Badge>}
        </p>
        <p className="flex flex-wrap gap-x-3 sm:gap-x-2 text-[0.8125rem] text-muted-foreground">
          <span>{session.address || "Address unknown"}</span>
          <span aria-hidden className="max-sm:hidden">
            ·
          </span>
          <span>
            Last used <Time at={session.last_used_at ?? session.created_at} />
          </span>
          <span aria-hidden className="max-sm:hidden">
            ·
          </span>
          <span>
            Signed in <Time at={session.created_at} />
          </span>
        </p>
      </div>
      {!session.current && (
        <Button size="small" aria-label={`End the session of ${name}`} onClick={onEnd}>
          End
        </Button>
      )}
    </li>
  );
}
