import { ChevronRight } from "lucide-react";
import { Fragment, type ReactNode } from "react";
import { Link } from "react-router";
import { useTitle } from "@/lib/title";

interface PageHeaderProps {
  title: string;
  /** Badges and the like beside the title. */
  beside?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  /** Pages above this one: name and path. */
  trail?: [string, string][];
}

/** The page's one h1, and its title in the browser's tab. */
export function PageHeader({ title, beside, description, actions, trail }: PageHeaderProps) {
  useTitle(title);
  return (
    <header className="mb-5">
      {trail && (
        <nav aria-label="Breadcrumb" className="mb-1.5">
          <ol className="flex flex-wrap items-center gap-1 text-[0.8125rem] text-muted-foreground">
            {trail.map(([name, to], at) => (
              <Fragment key={to}>
                {at > 0 && <ChevronRight className="size-3.5" aria-hidden />}
                <li>
                  <Link to={to} className="hover:text-foreground hover:underline">
                    {name}
                  </Link>
                </li>
              </Fragment>
            ))}
          </ol>
        </nav>
      )}
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="min-w-0 text-xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
          {beside}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      {description && <div className="mt-1 text-muted-foreground">{description}</div>}
    </header>
  );
}
