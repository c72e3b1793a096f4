import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, OfflineError } from "@/api/error";
import { accountKey, healthKey } from "@/api/queries";

/** An answer of the server will be the same again; a broken connection may not. */
function worthARetry(failures: number, error: Error): boolean {
  if (error instanceof OfflineError) return failures < 2;
  return error instanceof ApiError && error.status === 503 && failures < 2;
}

const signedOut = (error: unknown) => error instanceof ApiError && error.status === 401;

export function makeQueryClient(): QueryClient {
  // What fails to reach the server tells the banner at once, not when it next asks by itself.
  // A session that has ended shows in whatever is asked next: then the account is asked for, and the shell leads to the sign-in page.
  // Where that is known already, a wrong password is no news of it.
  const look = (error: Error, about?: unknown) => {
    if (error instanceof OfflineError && about !== healthKey[0]) void client.invalidateQueries({ queryKey: healthKey });
    if (signedOut(error) && about !== accountKey[0] && !signedOut(client.getQueryState(accountKey)?.error))
      void client.invalidateQueries({ queryKey: accountKey });
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => look(error, query.queryKey[0]) }),
    mutationCache: new MutationCache({ onError: (error) => look(error) }),
    defaultOptions: {
      queries: {
        retry: worthARetry,
        retryDelay: 500,
        staleTime: 5000,
        networkMode: "always",
        refetchOnWindowFocus: true,
      },
      mutations: { networkMode: "always" },
    },
  });
  return client;
}
