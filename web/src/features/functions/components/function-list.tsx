import { useInfiniteQuery } from "@tanstack/react-query";
import { SearchX } from "lucide-react";
import { type ReactNode, useCallback } from "react";
import type { Schema } from "@/api/client";
import { Empty } from "@/components/empty";
import { QueryView } from "@/components/query-view";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { plural } from "@/lib/format";
import { type FunctionFilter, functionListQuery } from "../queries";
import { FunctionTable } from "./function-table";

interface FunctionListProps {
  filter: FunctionFilter;
  projects?: Map<string, Schema<"Project">> | undefined;
  /** Shown when there is no function and nothing is filtered out. */
  empty: ReactNode;
  onShowAll: () => void;
}

/** The functions that the filter lets through; more of them come as one scrolls. */
export function FunctionList({ filter, projects, empty, onShowAll }: FunctionListProps) {
  const query = useInfiniteQuery(functionListQuery(filter));
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const nothing = filter.q ? <NothingFound onShowAll={onShowAll} /> : empty;
  return (
    <QueryView query={query} skeleton={<Skeleton className="h-40 rounded-lg" />} empty={nothing}>
      {(list) => (
        <>
          <FunctionTable rows={list} projects={projects} onEnd={more} />
          <div className="mt-2 flex min-h-8 items-center justify-between gap-3 px-1 text-[0.8125rem] text-muted-foreground">
            <p aria-live="polite">
              {hasNextPage ? `The newest ${plural(list.length, "function")}` : plural(list.length, "function")}
            </p>
            {hasNextPage && (
              <Button size="small" variant="ghost" pending={isFetchingNextPage} onClick={more}>
                Load more
              </Button>
            )}
          </div>
        </>
      )}
    </QueryView>
  );
}

function NothingFound({ onShowAll }: { onShowAll: () => void }) {
  return (
    <Empty icon={SearchX} title="No function has that name" action={<Button onClick={onShowAll}>Show all</Button>}>
      Names are searched for what you typed, in upper or lower case.
    </Empty>
  );
}
