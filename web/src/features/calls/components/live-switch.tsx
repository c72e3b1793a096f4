import { Switch } from "@/components/ui/switch";
import { cn } from "@/lib/cn";

export type LiveState = "connecting" | "live" | "paused" | "reconnecting" | "refused";

const looks: Record<LiveState, [string, string]> = {
  connecting: ["Connecting", "bg-warning animate-pulse"],
  live: ["New calls appear by themselves", "bg-success"],
  paused: ["Paused: new calls do not appear", "bg-muted-foreground"],
  reconnecting: ["Reconnecting", "bg-warning animate-pulse"],
  refused: ["Stopped", "bg-danger"],
};

interface LiveSwitchProps {
  on: boolean;
  state: LiveState;
  /** The log ends at a time: nothing can come. */
  disabled: boolean;
  onChange: (on: boolean) => void;
}

/** Whether new calls appear by themselves, and with a dot whether they do at the moment. */
export function LiveSwitch({ on, state, disabled, onChange }: LiveSwitchProps) {
  const [meaning, color] = looks[state];
  return (
    <div className="flex h-9 items-center gap-2 rounded-md border border-input bg-card pr-3 pl-3" title={meaning}>
      <span aria-hidden data-live={state} className={cn("size-2 rounded-full", color)} />
      <span role="status" className="sr-only">
        {meaning}
      </span>
      <span className="[&>div]:flex-row-reverse [&>div]:items-center [&_button]:mt-0">
        <Switch label="Live" checked={on && !disabled} disabled={disabled} onChange={onChange} />
      </span>
    </div>
  );
}
