import type { ComponentProps } from "react";

/** Who is signed in; its menu hangs on it. */
export function AccountButton({ name, ...rest }: { name: string } & ComponentProps<"button">) {
  return (
    <button
      type="button"
      aria-haspopup="menu"
      aria-expanded={false}
      className="flex h-10 items-center gap-2.5 rounded-md px-2 text-left hover:bg-muted"
      {...rest}
    >
      <span
        aria-hidden
        className="grid size-6.5 shrink-0 place-items-center rounded-full bg-accent text-xs font-semibold text-accent-foreground uppercase"
      >
        {name.slice(0, 1)}
      </span>
      <span className="min-w-0 grow truncate font-medium">
        <span className="sr-only">Account </span>
        {name}
      </span>
    </button>
  );
}
