import { useProjectsSoFar } from "@/api/use-projects-so-far";
import type { ControlProps } from "@/components/ui/field";
import { Select } from "@/components/ui/input";
import { useProjectOf } from "../queries";

interface ProjectSelectProps {
  control: ControlProps;
  /** The project's id; null: none. */
  value: string | null;
  onChange: (project: string | null) => void;
  disabled?: boolean;
}

/** The projects that one may put functions into, or none. */
export function ProjectSelect({ control, value, onChange, disabled }: ProjectSelectProps) {
  const { data: projects = [] } = useProjectsSoFar();
  const chosen = useProjectOf(value);
  const open = projects.filter((each) => each.role !== "viewer" || each.id === value);
  return (
    <Select
      {...control}
      disabled={disabled}
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value || null)}
    >
      <option value="">No project</option>
      {value && !open.some((each) => each.id === value) && <option value={value}>{chosen?.name}</option>}
      {open.map((each) => (
        <option key={each.id} value={each.id}>
          {each.name}
        </option>
      ))}
    </Select>
  );
}
