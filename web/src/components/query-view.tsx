import type { UseQueryResult } from "@tanstack/react-query";
import { RotateCw, SearchX, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { ApiError } from "@/api/error";
import { Button } from "./ui/button";
import { SkeletonRows } from "./ui/skeleton";

interface QueryViewProps<Data> {
  query: Pick<UseQueryResult<Data>, "data" | "error" | "isPending" | "isFetching" | "refetch">;
  /** The shape of what comes, so that nothing jumps. */
  skeleton?: ReactNode;
  /** Shown for an empty list, or when `isEmpty` says so. */
  empty?: ReactNode;
  isEmpty?: (data: Data) => boolean;
  children: (data: Data) => ReactNode;
}

/** The four states of what comes from the server: loading, error, empty, data. Data stays while it is fetched anew, also
 * when that fails: then a line above says so. */
export function QueryView<Data>({ query, skeleton, empty, isEmpty = isEmptyList, children }: QueryViewProps<Data>) {
  const { data, error, isPending, isFetching } = query;
  const retry = () => void query.refetch();
  if (data === undefined) {
    if (error && !isPending) return <LoadError error={error} retrying={isFetching} onRetry={retry} />;
    return (
      <div role="status" aria-label="Loading">
        {skeleton ?? <SkeletonRows />}
      </div>
    );
  }
  return (
    <>
      {error && <StaleNote error={error} retrying={isFetching} onRetry={retry} />}
      {empty && isEmpty(data) ? empty : children(data)}
    </>
  );
}

function isEmptyList(data: unknown): boolean {
  return Array.isArray(data) && data.length === 0;
}

interface FailureProps {
  error: Error;
  retrying: boolean;
  onRetry: () => void;
}

export function LoadError({ error, retrying, onRetry }: FailureProps) {
  if (error instanceof ApiError && error.status === 404) return <NotThere text={error.message} />;
  return (
    <div role="alert" className="flex flex-col items-center rounded-lg border px-6 py-12 text-center">
      <TriangleAlert className="mb-3 size-8 text-danger" strokeWidth={1.5} aria-hidden />
      <h3 className="font-semibold">This could not be loaded</h3>
      <p className="mt-1 max-w-md text-balance whitespace-pre-wrap text-muted-foreground">{error.message}</p>
      <Button className="mt-4" onClick={onRetry} pending={retrying}>
        {!retrying && <RotateCw />} Try again
      </Button>
    </div>
  );
}

/** Gone, or of somebody else: another try says the same. */
function NotThere({ text }: { text: string }) {
  return (
    <div role="alert" className="flex flex-col items-center rounded-lg border border-dashed px-6 py-12 text-center">
      <SearchX className="mb-3 size-8 text-muted-foreground" strokeWidth={1.5} aria-hidden />
      <h3 className="font-semibold">{text}</h3>
      <p className="mt-1 max-w-md text-balance text-muted-foreground">
        It has been deleted, or it is not shared with you.
      </p>
      <Button asChild className="mt-4">
        <Link to="/">To the dashboard</Link>
      </Button>
    </div>
  );
}

function StaleNote({ error, retrying, onRetry }: FailureProps) {
  return (
    <div
      role="alert"
      className="mb-3 flex flex-wrap items-center gap-2 rounded-md bg-warning-soft px-3 py-2 text-warning"
    >
      <TriangleAlert className="size-4 shrink-0" aria-hidden />
      <span className="min-w-0 grow">What you see may be out of date: {error.message}</span>
      <Button variant="ghost" size="small" className="text-warning" onClick={onRetry} pending={retrying}>
        Try again
      </Button>
    </div>
  );
}
