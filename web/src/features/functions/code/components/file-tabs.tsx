import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { cn } from "@/lib/cn";

interface FileTabsProps {
  paths: string[];
  active: string | undefined;
  changed: ReadonlySet<string>;
  onOpen: (path: string) => void;
  onClose: (path: string) => void;
}

/** The files that are open. */
export function FileTabs({ paths, active, changed, onOpen, onClose }: FileTabsProps) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (active)
      list.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [active]);
  return (
    <nav
      aria-label="Open files"
      className="h-10 shrink-0 overflow-x-auto overflow-y-hidden border-b [scrollbar-width:none]"
    >
      <ul ref={list} className="flex h-full">
        {paths.map((path) => (
          <li
            key={path}
            className={cn(
              "flex shrink-0 items-center border-r pr-1 text-[0.8125rem] text-muted-foreground",
              path === active && "bg-card text-foreground shadow-[inset_0_-2px_0_var(--primary)]",
            )}
          >
            <button
              type="button"
              aria-current={path === active}
              title={path}
              onClick={() => onOpen(path)}
              onAuxClick={(event) => event.button === 1 && onClose(path)}
              className="flex h-full items-center gap-1.5 pr-1 pl-3 hover:text-foreground focus-visible:outline-offset-[-2px]"
            >
              {nameAmong(path, paths)}
              {changed.has(path) && (
                <span className="size-1.5 rounded-full bg-primary">
                  <span className="sr-only">, not deployed</span>
                </span>
              )}
            </button>
            <button
              type="button"
              aria-label={`Close ${path}`}
              onClick={() => onClose(path)}
              className="rounded p-0.5 opacity-60 hover:bg-muted hover:opacity-100 focus-visible:opacity-100"
            >
              <X className="size-3.5" aria-hidden />
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The last part of the path, and its folder too when there is another of that name. */
function nameAmong(path: string, paths: string[]): string {
  const last = (each: string) => each.slice(each.lastIndexOf("/") + 1);
  const alone = paths.filter((each) => last(each) === last(path)).length === 1;
  return alone ? last(path) : path.split("/").slice(-2).join("/");
}
