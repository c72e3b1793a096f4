import { queryOptions, useQuery } from "@tanstack/react-query";
import { loadMonaco } from "./load";

/** The editor as something that is fetched: QueryView knows how to wait for it and what to say when it does not come. */
export const monacoQuery = () =>
  queryOptions({
    queryKey: ["editor"],
    queryFn: loadMonaco,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });

export const useMonaco = () => useQuery(monacoQuery());
