import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { functionQuery, functionsQuery, projectFunctionsQuery } from "@/api/queries";
import { Select } from "@/components/ui/input";
import { cn } from "@/lib/cn";
import { filterLook, setLook } from "./filter-look";

interface FunctionSelectProps {
  project: string | undefined;
  value: string;
  onChange: (id: string) => void;
}

/** One function of those whose calls are listed. */
export function FunctionSelect({ project, value, onChange }: FunctionSelectProps) {
  const { functions, more } = useFunctions(project);
  const listed = functions.some(({ id }) => id === value);
  const { data: chosen } = useQuery({ ...functionQuery(value), enabled: value !== "" && !listed });
  return (
    <Select
      aria-label="Function"
      className={cn(filterLook, "sm:max-w-56", value && setLook)}
      value={value}
      onFocus={() => void more()}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">Any function</option>
      {value && !listed && <option value={value}>{chosen?.name ?? value}</option>}
      {functions.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </Select>
  );
}

/** Those of the project, or the newest of all; `more` fetches the others. */
function useFunctions(project: string | undefined) {
  const ofProject = useQuery({ ...projectFunctionsQuery(project ?? ""), enabled: project !== undefined });
  const all = useInfiniteQuery({ ...functionsQuery(), enabled: project === undefined });
  return {
    functions: ofProject.data ?? all.data?.pages.flatMap((page) => page.rows) ?? [],
    more: async () => {
      for (let last = all; last.hasNextPage && !last.isFetching; ) last = await last.fetchNextPage();
    },
  };
}
