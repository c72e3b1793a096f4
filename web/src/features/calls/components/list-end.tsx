import { LoaderCircle } from "lucide-react";
import { Button } from "@/components/ui/button";
import { count } from "@/lib/format";
import { ROWS_MAX } from "../log-data";

interface ListEndProps {
  /** There is more, and it is or will be fetched. */
  more: boolean;
  /** No more are held in the page. */
  full: boolean;
  error: Error | null;
  onRetry: () => void;
}

/** What comes behind the last row: more, an error, or the end. */
export function ListEnd({ more, full, error, onRetry }: ListEndProps) {
  return (
    <div className="flex min-h-12 flex-wrap items-center justify-center gap-2 px-4 py-2 text-[0.8125rem] text-muted-foreground">
      {error ? (
        <>
          <span role="alert" className="text-danger">
            Older calls could not be loaded: {error.message}
          </span>
          <Button size="small" onClick={onRetry}>
            Try again
          </Button>
        </>
      ) : full ? (
        `These are the newest ${count(ROWS_MAX)}. Set a time or a filter to see older ones.`
      ) : more ? (
        <>
          <LoaderCircle className="size-4 animate-spin" aria-hidden /> Looking for older calls
        </>
      ) : (
        "No older calls"
      )}
    </div>
  );
}
