import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { Button } from "./ui/button";

interface Toast {
  id: number;
  kind: "done" | "error";
  text: string;
  action?: { label: string; run: () => void };
}

let toasts: Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: Toast[]) {
  toasts = next;
  for (const listener of listeners) listener();
}

function dismiss(id: number) {
  set(toasts.filter((each) => each.id !== id));
}

function show(kind: Toast["kind"], text: string, action?: Toast["action"]) {
  const id = ++lastId;
  set([...toasts.slice(-2), { id, kind, text, ...(action && { action }) }]);
  setTimeout(() => dismiss(id), kind === "error" || action ? 10_000 : 4000);
}

/** A word about what has just happened, for a few seconds. Errors that belong to a form stand there instead. */
export const toast = {
  done: (text: string, action?: Toast["action"]) => show("done", text, action),
  error: (text: string) => show("error", text),
};

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toaster() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <section
      aria-label="Notifications"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-4 z-60 flex flex-col items-end gap-2"
    >
      {shown.map((each) => (
        <div
          key={each.id}
          className="pointer-events-auto flex max-w-md items-start gap-2.5 rounded-lg border bg-card py-2.5 pr-2 pl-3.5 shadow-lg"
        >
          {each.kind === "done" ? (
            <CircleCheck className="mt-0.5 size-4 shrink-0 text-success" aria-hidden />
          ) : (
            <CircleAlert className="mt-0.5 size-4 shrink-0 text-danger" aria-hidden />
          )}
          <p className="min-w-0 whitespace-pre-wrap wrap-anywhere">{each.text}</p>
          {each.action && (
            <button
              type="button"
              className="shrink-0 font-medium text-primary hover:underline"
              onClick={() => {
                each.action?.run();
                dismiss(each.id);
              }}
            >
              {each.action.label}
            </button>
          )}
          <Button
            variant="ghost"
            size="smallIcon"
            className="-my-1"
            aria-label="Dismiss"
            onClick={() => dismiss(each.id)}
          >
            <X />
          </Button>
        </div>
      ))}
    </section>
  );
}
