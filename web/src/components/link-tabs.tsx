import type { ReactNode } from "react";
import { NavLink } from "react-router";
import { cn } from "@/lib/cn";

interface LinkTabsProps {
  label: string;
  /** Path below the page and name; "" is the page itself. */
  tabs: [string, ReactNode][];
  className?: string;
}

/** Views of one thing, each with an address of its own. */
export function LinkTabs({ label, tabs, className }: LinkTabsProps) {
  return (
    <nav aria-label={label} className={cn("mb-5 overflow-x-auto border-b", className)}>
      <ul className="flex gap-1">
        {tabs.map(([to, name]) => (
          <li key={to}>
            <NavLink
              to={to}
              end
              className={({ isActive }) =>
                cn(
                  "-mb-px block border-b-2 border-transparent px-3 py-2 whitespace-nowrap text-muted-foreground hover:text-foreground focus-visible:outline-offset-[-2px]",
                  isActive && "border-primary font-medium text-foreground",
                )
              }
            >
              {name}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
