import { Select } from "@/components/ui/input";

interface VersionSelectProps {
  label: string;
  value: number;
  versions: number[];
  active: number;
  onChange: (version: number) => void;
}

/** One of the versions; the one of the URL is among them even when its page of the list has not come. */
export function VersionSelect({ label, value, versions, active, onChange }: VersionSelectProps) {
  const all = versions.includes(value) ? versions : [...versions, value].sort((a, b) => b - a);
  return (
    <Select
      aria-label={label}
      className="h-8 w-auto min-w-0 px-2 text-[0.8125rem] max-sm:flex-1"
      value={value}
      onChange={(event) => onChange(Number(event.target.value))}
    >
      {all.map((version) => (
        <option key={version} value={version}>
          v{version}
          {version === active ? " (active)" : ""}
        </option>
      ))}
    </Select>
  );
}
