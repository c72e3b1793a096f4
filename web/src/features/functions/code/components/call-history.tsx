import { callStatusName } from "@/components/call-status";
import { Time } from "@/components/time";
import { cn } from "@/lib/cn";
import { microseconds } from "@/lib/format";
import type { Calls } from "../use-calls";

/** The calls made here: a click shows one again. */
export function CallHistory({ calls }: { calls: Calls }) {
  if (calls.made.length < 2) return null;
  return (
    <section aria-label="Calls made here" className="border-t pt-3">
      <h3 className="mb-1 text-[0.8125rem] font-medium">Calls made here</h3>
      <ul className="-mx-2">
        {calls.made.map((made) => (
          <li key={made.result.invocation_id}>
            <button
              type="button"
              aria-current={made === calls.shown}
              onClick={() => calls.choose(made)}
              className={cn(
                "flex h-7.5 w-full items-center gap-2 rounded px-2 text-[0.8125rem] hover:bg-muted",
                made === calls.shown && "bg-muted",
              )}
            >
              <span
                aria-hidden
                className={cn("size-2 shrink-0 rounded-full", made.result.success ? "bg-success" : "bg-danger")}
              />
              <span>{callStatusName(made.result.status)}</span>
              <span className="text-muted-foreground tabular-nums">{microseconds(made.result.duration_us)}</span>
              <span className="grow text-right text-muted-foreground">
                v{made.result.version} · <Time at={made.at} />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
