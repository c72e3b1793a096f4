import { ApiError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";

/** What PostgreSQL says, as it says it: the mark below a line shows where, so letters stay of equal width. */
export function SqlError({ error }: { error: Error }) {
  if (!(error instanceof ApiError) || error.status !== 422) return <ErrorNote error={error} />;
  return (
    <pre
      role="alert"
      className="max-w-full overflow-x-auto rounded-md bg-danger-soft px-3 py-2 font-mono text-[0.8125rem]/5 text-danger"
    >
      {error.message}
    </pre>
  );
}
