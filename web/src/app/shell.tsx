import { useQuery } from "@tanstack/react-query";
import { Menu as MenuIcon, Search } from "lucide-react";
import { lazy, type RefObject, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Navigate, Outlet, ScrollRestoration, useLocation } from "react-router";
import { ApiError } from "@/api/error";
import { accountQuery, setupQuery } from "@/api/queries";
import { LoadError } from "@/components/query-view";
import { Toaster } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { useShortcut } from "@/lib/shortcuts";
import { useBackAgain } from "./back-again";
import { OfflineBanner } from "./offline";
import { PageName } from "./page-name";
import { Sidebar } from "./sidebar";
import { useGoShortcuts } from "./use-go-shortcuts";
import { useOneAccount } from "./use-one-account";

const Palette = lazy(() => import("./palette/palette"));
const HelpSheet = lazy(() => import("./help-sheet"));

/** Everything around a page, for somebody who is signed in; whoever is not is led to where that is done. */
export function Shell() {
  const account = useQuery(accountQuery());
  useBackAgain();
  useOneAccount(account.data?.id);
  if (account.error instanceof ApiError && account.error.status === 401) return <ToSignIn />;
  if (account.data) return <SignedIn />;
  return (
    <>
      <OfflineBanner />
      {account.error && (
        <main className="mx-auto max-w-xl p-6 pt-24">
          <LoadError error={account.error} retrying={account.isFetching} onRetry={() => void account.refetch()} />
        </main>
      )}
    </>
  );
}

function ToSignIn() {
  const { pathname, search } = useLocation();
  const setup = useQuery(setupQuery());
  if (!setup.data) return null;
  if (setup.data.needed) return <Navigate to="/setup" replace />;
  const next = pathname + search;
  return <Navigate to={next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`} replace />;
}

/** A fresh load has no key of its own: then the address tells whether it is the same page. */
function placeOf({ key, pathname, search }: { key: string; pathname: string; search: string }): string {
  return key === "default" ? pathname + search : key;
}

function SignedIn() {
  const [navOpen, setNavOpen] = useState(false);
  const navButton = useRef<HTMLButtonElement>(null);
  const closeNav = useCallback(() => setNavOpen(false), []);
  useEffect(() => {
    if (navOpen) return () => navButton.current?.focus();
  }, [navOpen]);
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  useGoShortcuts();
  useShortcut("mod+k", "Find anything", () => setPaletteOpen(true));
  useShortcut("?", "Show this help", () => setHelpOpen(true));
  return (
    <div className="flex min-h-dvh">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-card px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      <Sidebar
        open={navOpen}
        onClose={closeNav}
        onSearch={() => setPaletteOpen(true)}
        onHelp={() => setHelpOpen(true)}
      />
      <div inert={navOpen} className="flex min-w-0 grow flex-col">
        <OfflineBanner />
        <TopBar button={navButton} onNav={() => setNavOpen(true)} onSearch={() => setPaletteOpen(true)} />
        <main
          id="main"
          tabIndex={-1}
          className="mx-auto w-full max-w-[max(110rem,66vw)] grow px-4 py-5 outline-none sm:px-8 sm:py-7"
        >
          <Suspense>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <Suspense>
        {paletteOpen && <Palette onClose={() => setPaletteOpen(false)} />}
        {helpOpen && <HelpSheet onClose={() => setHelpOpen(false)} />}
      </Suspense>
      <PageName />
      <Toaster />
      <ScrollRestoration getKey={placeOf} />
    </div>
  );
}

interface TopBarProps {
  /** Gets the focus back when the side bar folds. */
  button: RefObject<HTMLButtonElement | null>;
  onNav: () => void;
  onSearch: () => void;
}

/** On narrow screens, where the side bar is folded away. */
function TopBar({ button, onNav, onSearch }: TopBarProps) {
  return (
    <header className="sticky top-0 z-20 flex h-13 items-center gap-2 border-b bg-background/90 px-3 backdrop-blur md:hidden">
      <Button ref={button} variant="ghost" size="icon" aria-label="Open the menu" onClick={onNav}>
        <MenuIcon />
      </Button>
      <span className="grow font-semibold">virga</span>
      <Button variant="ghost" size="icon" aria-label="Find anything" onClick={onSearch}>
        <Search />
      </Button>
    </header>
  );
}
