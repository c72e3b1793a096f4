import { Search } from "lucide-react";
import { Input } from "@/components/ui/input";

interface SearchInputProps {
  value: string;
  onChange: (text: string) => void;
}

/** Finds functions by a part of their name. */
export function SearchInput({ value, onChange }: SearchInputProps) {
  return (
    <div className="relative w-full sm:max-w-72">
      <Search className="pointer-events-none absolute top-2.5 left-2.5 size-4 text-muted-foreground" aria-hidden />
      <Input
        type="search"
        aria-label="Search functions by name"
        placeholder="Search by name"
        className="pl-8.5"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
