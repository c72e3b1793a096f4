import { type ReactNode, useEffect } from "react";
import { useBlocker } from "react-router";
import { ConfirmDialog } from "./ui/confirm-dialog";

/** As the state of a navigation: what is unsaved has no meaning any more. */
export const leaveAnyway = "leave anyway";

interface LeaveGuardProps {
  /** There is something that would be lost. */
  when: boolean;
  /** What that is. */
  children: ReactNode;
}

/** Asks before another page, or none, takes the place of one with unsaved work. At most one on a page. */
export function LeaveGuard({ when, children }: LeaveGuardProps) {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      when && currentLocation.pathname !== nextLocation.pathname && nextLocation.state !== leaveAnyway,
  );
  useEffect(() => {
    if (!when) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [when]);
  return (
    <ConfirmDialog
      open={blocker.state === "blocked"}
      onOpenChange={() => blocker.reset?.()}
      title="Leave without saving?"
      action="Leave"
      pending={false}
      error={undefined}
      onConfirm={() => blocker.proceed?.()}
    >
      {children}
    </ConfirmDialog>
  );
}
