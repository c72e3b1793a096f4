import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { api, type Schema, take } from "@/api/client";
import { Empty } from "@/components/empty";
import { QueryView } from "@/components/query-view";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { SkeletonRows } from "@/components/ui/skeleton";
import { choiceParam, useSearch } from "@/lib/search";
import { KeyTable } from "./components/key-table";
import { NewKeyDialog } from "./components/new-key-dialog";
import { TabHead } from "./components/tab-head";
import { keysKey, keysQuery } from "./queries";

const search = { dialog: choiceParam("", "new") };

/** Keys for programs: the command line, CI, whoever calls private functions. */
export function KeysPage() {
  const [{ dialog }, change] = useSearch(search);
  const [revoking, setRevoking] = useState<Schema<"Key">>();
  const keys = useQuery(keysQuery());
  const newKey = (
    <Button variant="primary" onClick={() => change({ dialog: "new" })}>
      <Plus /> New key
    </Button>
  );
  return (
    <>
      <TabHead
        title="API keys"
        description="For programs that use this server in your name: the command line, CI, callers of private functions."
        actions={keys.data?.length !== 0 && newKey}
      />
      <QueryView
        query={keys}
        skeleton={<SkeletonRows rows={3} className="h-14" />}
        empty={
          <Empty icon={KeyRound} title="No keys yet" action={newKey}>
            A key lets a program do what you choose, and nothing else. It is sent as{" "}
            <code className="font-mono text-[0.8125rem]">Authorization: Bearer</code>.
          </Empty>
        }
      >
        {(list) => <KeyTable keys={list} onRevoke={setRevoking} />}
      </QueryView>
      {dialog === "new" && <NewKeyDialog onClose={() => change({ dialog: "" })} />}
      {revoking && <RevokeDialog apiKey={revoking} onClose={() => setRevoking(undefined)} />}
    </>
  );
}

function RevokeDialog({ apiKey, onClose }: { apiKey: Schema<"Key">; onClose: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => take(api.DELETE("/api/keys/{key}", { params: { path: { key: apiKey.id } } })),
    onSuccess: () => {
      toast.done(`${apiKey.name} is revoked`);
      onClose();
      return client.invalidateQueries({ queryKey: keysKey });
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Revoke ${apiKey.name}`}
      action="Revoke the key"
      pending={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
    >
      Whatever uses the key <code className="font-mono text-[0.8125rem]">{apiKey.hint}…</code> is refused from now on.
      It cannot be brought back.
    </ConfirmDialog>
  );
}
