import { type ReactNode, useEffect, useRef } from "react";
import { NavLink, useLocation } from "react-router";
import { cn } from "@/lib/cn";

interface LinkTabsProps {
  label: string;
  /** Path below the page and name; "" is the page itself. */
  tabs: [string, ReactNode][];
}

/** Views of one thing, each with an address of its own. */
export function LinkTabs({ label, tabs }: LinkTabsProps) {
  const nav = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: on narrow screens the open tab may be out of sight
  useEffect(() => {
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [pathname]);
  return (
    <nav ref={nav} aria-label={label} className="mb-5 overflow-x-auto border-b">
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
