import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { accountQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { keysKey } from "../queries";
import { NewKeyForm } from "./new-key-form";
import { SecretOnce } from "./secret-once";

/** Makes a key, and shows it the only time that it can be seen. */
export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const { data: account } = useSuspenseQuery(accountQuery());
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: (body: Schema<"KeyCreate">) => take(api.POST("/api/keys", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keysKey }),
    gcTime: 0, // the key is in its data
  });
  const grantable = account.credential.scopes.filter((scope) => scope !== "admin" || account.admin);
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={make.data ? `The key ${make.data.name}` : "New API key"}
      className="w-[min(36rem,calc(100vw-2rem))]"
    >
      {make.data ? (
        <>
          <SecretOnce
            label="Key"
            secret={make.data.key}
            warning="Copy it now. It is shown only this once: the server keeps no more than a hash of it."
          />
          <DialogActions>
            <Button variant="primary" onClick={onClose}>
              I have copied it
            </Button>
          </DialogActions>
        </>
      ) : (
        <NewKeyForm
          grantable={grantable}
          pending={make.isPending}
          error={make.error}
          onSubmit={make.mutate}
          onCancel={onClose}
        />
      )}
    </Dialog>
  );
}
