import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

/** Why something on the page is not offered to this account. */
export function RoleNote({ className, children }: { className?: string; children: ReactNode }) {
  return (
    <p className={cn("mb-4 flex gap-2 rounded-md bg-muted px-3 py-2 text-muted-foreground", className)}>
      <Lock className="mt-0.5 size-4 shrink-0" aria-hidden />
      <span>{children}</span>
    </p>
  );
}
