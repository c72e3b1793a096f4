import { type ReactNode, useEffect, useRef } from "react";
import { NavLink, useLocation } from "react-router";
import { cn } from "@/lib/cn";

interface LinkTabsProps {
  label: string;
  /** Path below the page and name; "" is the page itself. */
  tabs: [string, ReactNode][];
  className?: string;
}

/** Views of one thing, each with an address of its own. */
export function LinkTabs({ label, tabs, className }: LinkTabsProps) {
  const { pathname } = useLocation();
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page has another tab
  useEffect(() => {
    const current = nav.current?.querySelector<HTMLElement>('[aria-current="page"]');
    if (nav.current && current) nav.current.scrollLeft = current.offsetLeft - nav.current.offsetLeft - 32;
  }, [pathname]);
  return (
    <nav ref={nav} aria-label={label} className={cn("mb-5 overflow-x-auto border-b", className)}>
      <ul className="flex sm:gap-1">
        {tabs.map(([to, name]) => (
          <li key={to}>
            <NavLink
              to={to}
              end
              className={({ isActive }) =>
                cn(
                  "-mb-px block border-b-2 border-transparent px-2.5 py-2 whitespace-nowrap text-muted-foreground hover:text-foreground focus-visible:outline-offset-[-2px] sm:px-3",
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
