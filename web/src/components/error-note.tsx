import { CircleAlert } from "lucide-react";
import { formError } from "@/api/error";
import { cn } from "@/lib/cn";

interface ErrorNoteProps {
  error: unknown;
  /** Fields of the form that show their own complaints. */
  shown?: string[];
  className?: string;
}

/** What went wrong, in the server's own words; nothing when nothing did. */
export function ErrorNote({ error, shown = [], className }: ErrorNoteProps) {
  const text = formError(error, shown);
  if (!text) return null;
  return (
    <div role="alert" className={cn("flex gap-2 rounded-md bg-danger-soft px-3 py-2 text-danger", className)}>
      <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      <p className="min-w-0 whitespace-pre-wrap wrap-anywhere">{text}</p>
    </div>
  );
}
