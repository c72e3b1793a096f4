import { cn } from "@/lib/cn";

/** Holds the place of something that is being loaded, at its size. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn("h-4 animate-pulse rounded-md bg-muted", className)} />;
}

/** Lines of a list that is being loaded. */
export function SkeletonRows({ rows = 5, className = "h-11" }: { rows?: number; className?: string }) {
  return (
    <div className="grid gap-2">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <Skeleton key={row} className={className} />
      ))}
    </div>
  );
}
