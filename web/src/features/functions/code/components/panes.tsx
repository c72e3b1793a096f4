import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { cn } from "@/lib/cn";
import { recall, remember } from "@/lib/storage";

interface WidthOptions {
  /** Under which this browser remembers it. */
  name: string;
  preset: number;
  min: number;
  max: number;
}

/** The width of a pane, remembered. */
export function useWidth({ name, preset, min, max }: WidthOptions) {
  const key = `virga.width.${name}`;
  const [width, set] = useState(() => Number(recall(key)) || preset);
  const bounded = Math.min(max, Math.max(min, width));
  const change = (next: number) => {
    set(next);
    remember(key, String(Math.round(next)));
  };
  return { width: bounded, change, min, max };
}

interface HandleProps {
  label: string;
  pane: ReturnType<typeof useWidth>;
  /** The side of the pane that the handle is at. */
  side: "left" | "right";
  className?: string;
}

/** The edge of a pane: drawn with the mouse, moved with the arrow keys. */
export function Handle({ label, pane, side, className }: HandleProps) {
  const sign = side === "right" ? 1 : -1;
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const from = event.clientX;
    const { width } = pane;
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    const move = (at: globalThis.PointerEvent) => pane.change(width + sign * (at.clientX - from));
    target.addEventListener("pointermove", move);
    target.addEventListener("lostpointercapture", () => target.removeEventListener("pointermove", move), {
      once: true,
    });
  };
  const step = (event: KeyboardEvent) => {
    const by = event.key === "ArrowLeft" ? -16 : event.key === "ArrowRight" ? 16 : 0;
    if (by === 0) return;
    event.preventDefault();
    pane.change(pane.width + sign * by);
  };
  return (
    <div
      role="separator"
      aria-label={label}
      aria-orientation="vertical"
      aria-valuenow={pane.width}
      aria-valuemin={pane.min}
      aria-valuemax={pane.max}
      tabIndex={0}
      onPointerDown={drag}
      onKeyDown={step}
      className={cn(
        "absolute inset-y-0 z-10 w-1.5 cursor-col-resize touch-none transition-colors hover:bg-ring/40 focus-visible:bg-ring focus-visible:outline-none",
        side === "right" ? "-right-1" : "-left-1",
        className,
      )}
    />
  );
}
