import { ChevronDown } from "lucide-react";
import { callStatuses, callStatusName } from "@/components/call-status";
import { Button } from "@/components/ui/button";
import { Input, Select } from "@/components/ui/input";
import { Menu, MenuCheck, MenuItem, MenuLine } from "@/components/ui/menu";
import { cn } from "@/lib/cn";
import { type Filters, isFiltered, noFilters } from "../log-search";
import type { Scope } from "../queries";
import { filterLook, setLook } from "./filter-look";
import { FunctionSelect } from "./function-select";

interface FilterBarProps {
  scope: Scope;
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
  className?: string;
}

/** What is picked from a few. What is set stands out. */
export function FilterBar({ scope, filters, onChange, className }: FilterBarProps) {
  const { status, source, cold, version } = filters;
  return (
    <div className={cn("grid-cols-2 gap-2 sm:flex sm:flex-wrap sm:items-center", className)}>
      <StatusMenu value={status} onChange={(value) => onChange({ status: value })} />
      {!scope.function && (
        <FunctionSelect
          project={scope.project}
          value={filters.function}
          onChange={(id) => onChange({ function: id })}
        />
      )}
      <Choice
        label="Source"
        value={source}
        onChange={(value) => onChange({ source: value })}
        options={{ any: "Any source", direct: "Called directly", gateway: "Through the gateway" }}
      />
      <Choice
        label="Start"
        value={cold}
        onChange={(value) => onChange({ cold: value })}
        options={{ any: "Cold and warm", true: "Cold starts", false: "Warm starts" }}
      />
      <Input
        aria-label="Version"
        placeholder="Any version"
        inputMode="numeric"
        className={cn(filterLook, "sm:w-28", version !== undefined && setLook)}
        value={version ?? ""}
        onChange={(event) =>
          onChange({ version: Number(event.target.value.replace(/\D/g, "").slice(0, 9)) || undefined })
        }
      />
      {isFiltered(filters) && (
        <Button variant="ghost" size="small" onClick={() => onChange(noFilters)}>
          Clear the filters
        </Button>
      )}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  /** The first one stands for no filter. */
  options: Record<Value, string>;
}

function Choice<Value extends string>({ label, value, onChange, options }: ChoiceProps<Value>) {
  const all = Object.entries<string>(options);
  return (
    <Select
      aria-label={label}
      className={cn(filterLook, value !== all[0]?.[0] && setLook)}
      value={value}
      onChange={(event) => onChange(event.target.value as Value)}
    >
      {all.map(([option, name]) => (
        <option key={option} value={option}>
          {name}
        </option>
      ))}
    </Select>
  );
}

type Statuses = Filters["status"];
const failures = callStatuses.filter((status) => status !== "success");

function StatusMenu({ value, onChange }: { value: Statuses; onChange: (value: Statuses) => void }) {
  const toggle = (status: Statuses[number], on: boolean) =>
    onChange(callStatuses.filter((each) => (each === status ? on : value.includes(each))));
  return (
    <Menu
      align="start"
      trigger={
        <Button size="small" className={cn("justify-between font-normal", value.length > 0 && setLook)}>
          {statusText(value)} <ChevronDown className="text-muted-foreground" />
        </Button>
      }
    >
      <MenuItem onSelect={() => onChange(failures)}>All that failed</MenuItem>
      <MenuItem onSelect={() => onChange([])}>Any status</MenuItem>
      <MenuLine />
      {callStatuses.map((status) => (
        <MenuCheck key={status} checked={value.includes(status)} onChange={(on) => toggle(status, on)}>
          {callStatusName(status)}
        </MenuCheck>
      ))}
    </Menu>
  );
}

function statusText(value: Statuses): string {
  const [first] = value;
  if (!first) return "Any status";
  if (value.length === failures.length && !value.includes("success")) return "All that failed";
  return callStatusName(first) + (value.length > 1 ? ` and ${value.length - 1} more` : "");
}
