import { useSuspenseQuery } from "@tanstack/react-query";
import {
  BookOpen,
  Boxes,
  LayoutDashboard,
  type LucideIcon,
  ScrollText,
  Settings,
  SquareFunction,
  X,
} from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { NavLink, useLocation } from "react-router";
import { accountQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { AccountButton } from "./account-button";
import { SearchButton } from "./search-button";

const AccountMenu = lazy(() => import("./account-menu"));

const pages: [string, string, LucideIcon][] = [
  ["/", "Dashboard", LayoutDashboard],
  ["/projects", "Projects", Boxes],
  ["/functions", "Functions", SquareFunction],
  ["/logs", "Log", ScrollText],
  ["/settings", "Settings", Settings],
];

interface SidebarProps {
  /** On narrow screens, where it lies over the page. */
  open: boolean;
  onClose: () => void;
  onSearch: () => void;
  onHelp: () => void;
}

export function Sidebar({ open, onClose, onSearch, onHelp }: SidebarProps) {
  const { pathname } = useLocation();
  const closeButton = useRef<HTMLButtonElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page is the reason to close
  useEffect(() => {
    if (open) onClose();
  }, [pathname]);
  useEffect(() => {
    if (!open) return;
    closeButton.current?.focus();
    const close = (event: KeyboardEvent) => event.key === "Escape" && onClose();
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [open, onClose]);
  return (
    <>
      {open && <div aria-hidden className="fixed inset-0 z-30 bg-black/45 md:hidden" onClick={onClose} />}
      <div
        className={cn(
          "fixed inset-y-0 left-0 z-40 flex w-62 flex-col gap-4 border-r bg-card p-3 md:sticky md:top-0 md:z-0 md:h-dvh md:w-58 md:shrink-0 md:bg-background",
          !open && "max-md:hidden",
        )}
      >
        <div className="flex items-center justify-between px-1 pt-1">
          <Logo />
          <Button
            ref={closeButton}
            variant="ghost"
            size="smallIcon"
            className="md:hidden"
            aria-label="Close the menu"
            onClick={onClose}
          >
            <X />
          </Button>
        </div>
        <SearchButton onClick={onSearch} />
        <nav aria-label="Main" className="grow overflow-y-auto">
          <ul className="grid gap-0.5">
            {pages.map(([to, name, Icon]) => (
              <li key={to}>
                <NavLink
                  to={to}
                  end={to === "/"}
                  className={({ isActive }) =>
                    cn(
                      "flex h-8.5 items-center gap-2.5 rounded-md px-2.5 text-muted-foreground hover:bg-muted hover:text-foreground",
                      isActive && "bg-accent font-medium text-accent-foreground hover:bg-accent",
                    )
                  }
                >
                  <Icon className="size-4" aria-hidden /> {name}
                </NavLink>
              </li>
            ))}
          </ul>
        </nav>
        <div className="grid gap-1 border-t pt-3">
          <a
            href="/docs"
            className="flex h-8 items-center gap-2.5 rounded-md px-2.5 text-muted-foreground hover:bg-muted hover:text-foreground"
          >
            <BookOpen className="size-4" aria-hidden /> API reference
          </a>
          <Account onHelp={onHelp} />
        </div>
      </div>
    </>
  );
}

function Logo() {
  return (
    <span className="flex items-center gap-2 text-[0.9375rem] font-semibold tracking-tight">
      <img src="/favicon.svg" alt="" className="size-6" width={24} height={24} /> virga
    </span>
  );
}

/** The menu's code comes when the button is first pressed: it is much, and most pages are left without it. */
function Account({ onHelp }: { onHelp: () => void }) {
  const { data: account } = useSuspenseQuery(accountQuery());
  const [wanted, setWanted] = useState(false);
  const button = <AccountButton name={account.name} onClick={() => setWanted(true)} />;
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <AccountMenu account={account} onHelp={onHelp} />
    </Suspense>
  );
}
