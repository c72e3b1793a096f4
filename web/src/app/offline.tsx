import { useQuery } from "@tanstack/react-query";
import { WifiOff } from "lucide-react";
import { OfflineError } from "@/api/error";
import { healthQuery } from "./health";

/** A line across the page while the server cannot be reached; it goes away, and what is in sight is asked for anew, once it
 * can again. */
export function OfflineBanner() {
  const health = useQuery(healthQuery());
  if (!(health.error instanceof OfflineError)) return null;
  return (
    <div role="alert" className="flex items-center justify-center gap-2 bg-warning-soft px-4 py-1.5 text-warning">
      <WifiOff className="size-4 shrink-0" aria-hidden />
      The server cannot be reached. This page goes on by itself when it is back.
    </div>
  );
}
