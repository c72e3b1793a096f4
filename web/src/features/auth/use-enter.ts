import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { accountQuery, setupKey } from "@/api/queries";

/** After a session has begun: forgets what was fetched for anybody else, then goes on to `next`. */
export function useEnter(next: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== setupKey[0] });
    void client.invalidateQueries({ queryKey: setupKey, refetchType: "none" });
    await client.prefetchQuery(accountQuery());
    navigate(next, { replace: true });
  };
}
