import { Search } from "lucide-react";
import type { Schema } from "@/api/client";
import { Input, Select } from "@/components/ui/input";
import { choiceParam, type SearchValues, textParam } from "@/lib/search";
import { useTyped } from "@/lib/typed";

type Project = Schema<"Project">;

export const filterSearch = {
  q: textParam(),
  sort: choiceParam("newest", "name", "functions"),
};

export type Filter = SearchValues<typeof filterSearch>;

const { compare } = new Intl.Collator(); // as localeCompare, but not slow with thousands

const orders: Record<Filter["sort"], (a: Project, b: Project) => number> = {
  newest: (a, b) => compare(b.created_at, a.created_at),
  name: (a, b) => compare(a.name, b.name),
  functions: (a, b) => b.function_count - a.function_count || compare(a.name, b.name),
};

/** The projects whose name, slug or description has every word, in the order that was chosen. */
export function filterProjects(projects: Project[], { q, sort }: Filter): Project[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const has = ({ name, slug, description }: Project) => {
    const text = `${name} ${slug} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return projects.filter(has).sort(orders[sort]);
}

interface ProjectFilterProps {
  filter: Filter;
  onChange: (change: Partial<Filter>) => void;
}

export function ProjectFilter({ filter, onChange }: ProjectFilterProps) {
  const [text, setText] = useTyped(filter.q, (q) => onChange({ q }));
  return (
    <div className="mb-4 flex flex-wrap gap-2">
      <div className="relative min-w-48 grow sm:max-w-sm">
        <Search className="absolute top-2.5 left-3 size-4 text-muted-foreground" aria-hidden />
        <Input
          type="search"
          className="pl-9"
          aria-label="Search projects"
          placeholder="Search by name or description"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <Select
        aria-label="Sort by"
        className="w-auto"
        value={filter.sort}
        onChange={(event) => onChange({ sort: event.target.value as Filter["sort"] })}
      >
        <option value="newest">Newest first</option>
        <option value="name">By name</option>
        <option value="functions">Most functions first</option>
      </Select>
    </div>
  );
}
