import { useEffect, useRef } from "react";
import { NavLink, useLocation, useResolvedPath } from "react-router";
import { cn } from "@/lib/cn";
import { useTitle } from "@/lib/title";

interface LinkTabsProps {
  label: string;
  /** Whose views they are: stands in the browser's tab behind the name of the current one. */
  of: string | undefined;
  /** Path below the page and name; "" is the page itself. */
  tabs: [string, string][];
  className?: string;
}

/** Views of one thing, each with an address of its own. */
export function LinkTabs({ label, of, tabs, className }: LinkTabsProps) {
  const { pathname } = useLocation();
  const page = useResolvedPath("").pathname;
  const nav = useRef<HTMLElement>(null);
  const current = tabs.find(([to]) => pathname === (to ? `${page}/${to}` : page))?.[1];
  useTitle(of && [current, of].filter(Boolean).join(" · "));
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
              {/* As wide as it is when it is the current one, so that its neighbours stay where they are. */}
              <span
                data-name={name}
                className="after:invisible after:block after:h-0 after:overflow-hidden after:font-medium after:content-[attr(data-name)]"
              >
                {name}
              </span>
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
