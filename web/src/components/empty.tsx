import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface EmptyProps {
  icon: LucideIcon;
  title: string;
  /** What would be here, and why it is good to have. */
  children: ReactNode;
  /** The next step. */
  action?: ReactNode;
}

export function Empty({ icon: Icon, title, children, action }: EmptyProps) {
  return (
    <div className="flex flex-col items-center rounded-lg border border-dashed px-6 py-12 text-center">
      <Icon className="mb-3 size-8 text-muted-foreground" strokeWidth={1.5} aria-hidden />
      <h3 className="font-semibold">{title}</h3>
      <div className="mt-1 max-w-md text-balance text-muted-foreground">{children}</div>
      {action && <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
