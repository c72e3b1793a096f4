import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

const look =
  "w-full rounded-md border border-input bg-card px-3 text-sm placeholder:text-muted-foreground disabled:opacity-60 read-only:bg-muted/60 aria-invalid:border-danger focus-visible:outline-offset-0";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn(look, "h-9", className)} autoComplete="off" spellCheck={false} {...rest} />;
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cn(look, "min-h-20 py-2", className)} spellCheck={false} {...rest} />;
}

/** The browser's own list: it works on telephones, with keyboards and with screen readers. */
export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select className={cn(look, "h-9 px-2.5 read-only:bg-card", className)} {...rest} />;
}
