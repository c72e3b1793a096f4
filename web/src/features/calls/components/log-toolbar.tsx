import { Download, SlidersHorizontal } from "lucide-react";
import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { type Filters, filterCount, queryOf, withQuery } from "../log-search";
import { callsPath, type Scope } from "../queries";
import { FilterBar } from "./filter-bar";
import { setLook } from "./filter-look";
import { type LiveState, LiveSwitch } from "./live-switch";
import { SearchBox } from "./search-box";
import { TimeBetween, TimeSelect } from "./time-filter";

interface LogToolbarProps {
  scope: Scope;
  filters: Filters;
  onFilters: (change: Partial<Filters>) => void;
  /** From when on the calls are that are listed. */
  since: string | undefined;
  live: { on: boolean; state: LiveState; disabled: boolean; onChange: (on: boolean) => void };
}

/** What is listed, and whether it goes on by itself. */
export function LogToolbar({ scope, filters, onFilters, since, live }: LogToolbarProps) {
  const [open, setOpen] = useState(false); // on narrow screens
  const id = useId();
  return (
    <search aria-label="Calls" className="grid gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox value={filters.q} onChange={(q) => onFilters({ q })} />
        <FiltersButton open={open} set={filterCount(filters)} controls={id} onClick={() => setOpen(!open)} />
        <Export scope={scope} filters={filters} since={since} />
        <TimeSelect filters={filters} onChange={onFilters} />
        <LiveSwitch {...live} />
      </div>
      {filters.span === "between" && <TimeBetween filters={filters} onChange={onFilters} />}
      <div id={id}>
        <FilterBar scope={scope} filters={filters} onChange={onFilters} className={open ? "grid" : "max-sm:hidden"} />
      </div>
    </search>
  );
}

interface FiltersButtonProps {
  open: boolean;
  /** How many are set. */
  set: number;
  controls: string;
  onClick: () => void;
}

/** On narrow screens the filters are folded away. */
function FiltersButton({ open, set, controls, onClick }: FiltersButtonProps) {
  return (
    <Button
      size="icon"
      className={cn("sm:hidden", set > 0 && [setLook, "w-auto px-2"])}
      aria-label={set > 0 ? `Filters: ${set} set` : "Filters"}
      aria-expanded={open}
      aria-controls={controls}
      onClick={onClick}
    >
      <SlidersHorizontal /> {set > 0 && set}
    </Button>
  );
}

/** All calls that fit, as a file. */
function Export({ scope, filters, since }: Pick<LogToolbarProps, "scope" | "filters" | "since">) {
  return (
    <Button asChild className="max-sm:w-9 max-sm:px-0 sm:order-last">
      <a
        href={withQuery(`${callsPath(scope)}/export`, queryOf(filters, since))}
        download
        title="All calls that fit the filters, whole, as NDJSON: one a line, oldest first"
      >
        <Download /> <span className="max-sm:sr-only">Export</span>
      </a>
    </Button>
  );
}
