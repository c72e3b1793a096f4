import { useQuery } from "@tanstack/react-query";
import { matchQuery } from "./queries";

/** Where a request would go: the answer of the server, which is asked while one types. */
export function useTester(project: string, method: string, path: string) {
  const match = useQuery(matchQuery(project, method, path));
  const found = path === "" || match.error ? undefined : match.data;
  return {
    route: found?.route ?? undefined,
    params: found?.params ?? {},
    answered: Boolean(found),
    error: match.error,
  };
}

export type Tested = ReturnType<typeof useTester>;
