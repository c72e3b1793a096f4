import type { ReactNode } from "react";

interface TabHeadProps {
  title: string;
  description: ReactNode;
  actions?: ReactNode;
}

/** What a tab of the settings is about, and what can be done there. */
export function TabHead({ title, description, actions }: TabHeadProps) {
  return (
    <div className="mb-4 flex flex-wrap items-end justify-between gap-x-4 gap-y-3">
      <div className="min-w-0">
        <h2 className="text-[0.9375rem] font-semibold">{title}</h2>
        <p className="text-muted-foreground">{description}</p>
      </div>
      {actions && <div className="flex flex-wrap gap-2 max-sm:w-full">{actions}</div>}
    </div>
  );
}
