import { Download, SlidersHorizontal } from "lucide-react";
import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { type Filters, filterCount, queryOf, withQuery } from "../log-search";
import { callsPath, type Scope } from "../queries";
import { FilterBar } from "./filter-bar";
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
  const set = filterCount(filters);
  return (
    <search aria-label="Calls" className="grid gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox value={filters.q} onChange={(q) => onFilters({ q })} />
        <TimeSelect filters={filters} onChange={onFilters} />
        <Button className="sm:hidden" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          <SlidersHorizontal /> Filters{set > 0 && ` (${set})`}
        </Button>
        <LiveSwitch {...live} />
        <Export scope={scope} filters={filters} since={since} />
      </div>
      {filters.span === "between" && <TimeBetween filters={filters} onChange={onFilters} />}
      <div id={id}>
        <FilterBar scope={scope} filters={filters} onChange={onFilters} className={open ? "grid" : "max-sm:hidden"} />
      </div>
    </search>
  );
}

/** The server exports the calls of one function or of one project. */
function Export({ scope, filters, since }: Pick<LogToolbarProps, "scope" | "filters" | "since">) {
  const { function: one, ...rest } = filters;
  const of = scope.function || scope.project || !one ? scope : { function: one };
  if (!of.function && !of.project) return null;
  const query = queryOf(of === scope ? filters : { ...rest, function: "" }, since);
  return (
    <Button asChild>
      <a
        href={withQuery(`${callsPath(of)}/export`, query)}
        download
        title="All calls that fit the filters, whole, as NDJSON: one a line, oldest first"
      >
        <Download /> Export
      </a>
    </Button>
  );
}
