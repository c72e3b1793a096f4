import { QueryObserver, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { healthKey } from "@/api/queries";

/** Asks anew for all that is in sight when the server is back. */
export function useBackAgain() {
  const client = useQueryClient();
  useEffect(() => {
    let away = false;
    const observer = new QueryObserver(client, { queryKey: healthKey, enabled: false });
    return observer.subscribe(({ isError, isSuccess }) => {
      if (away && isSuccess)
        void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== healthKey[0] });
      if (isError) away = true;
      else if (isSuccess) away = false;
    });
  }, [client]);
}
