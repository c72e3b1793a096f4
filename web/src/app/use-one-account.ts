import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { accountKey, healthKey, setupKey } from "@/api/queries";

const ofNobody = new Set<unknown>([accountKey[0], healthKey[0], setupKey[0]]);

/** Another tab may have signed in somebody else: then nothing of the former account stays in sight. */
export function useOneAccount(id: string | undefined) {
  const client = useQueryClient();
  const last = useRef(id);
  useEffect(() => {
    if (!id) return;
    const changed = last.current && last.current !== id;
    last.current = id;
    if (changed) void client.resetQueries({ predicate: (query) => !ofNobody.has(query.queryKey[0]) });
  }, [client, id]);
}
