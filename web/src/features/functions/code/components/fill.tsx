import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { cn } from "@/lib/cn";

/** On wide screens as high as the window below it, so that its panes scroll and the page does not. */
export function Fill({ className, children }: { className?: string; children?: ReactNode }) {
  const element = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setTop(Math.round((element.current?.getBoundingClientRect().top ?? 0) + window.scrollY));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    const parent = element.current?.parentElement;
    if (parent) observer.observe(parent);
    return () => observer.disconnect();
  }, []);
  return (
    <div
      ref={element}
      style={{ "--top": `${top}px` } as React.CSSProperties}
      className={cn("xl:-mb-3 xl:h-[calc(100dvh-var(--top)-1rem)] xl:min-h-120", className)}
    >
      {children}
    </div>
  );
}
