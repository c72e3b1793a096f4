import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { accountKey } from "@/api/queries";
import { accountsKey } from "./queries";

/** Changes what an administrator may change of an account. */
export function useChangeAccount(account: Schema<"Account">) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schema<"AdminAccountChange">) =>
      take(api.PUT("/api/accounts/{account}", { params: { path: { account: account.id } }, body })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: accountKey });
      return client.invalidateQueries({ queryKey: accountsKey });
    },
  });
}
