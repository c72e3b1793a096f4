import { useQuery } from "@tanstack/react-query";
import { projectsQuery } from "@/api/queries";
import type { ControlProps } from "@/components/ui/field";
import { Select } from "@/components/ui/input";

interface ProjectSelectProps {
  control: ControlProps;
  /** The project's id; null: none. */
  value: string | null;
  onChange: (project: string | null) => void;
  disabled?: boolean;
}

/** The projects that one may put functions into, or none. */
export function ProjectSelect({ control, value, onChange, disabled }: ProjectSelectProps) {
  const { data: projects = [] } = useQuery(projectsQuery());
  const open = projects.filter((each) => each.role !== "viewer" || each.id === value);
  return (
    <Select
      {...control}
      disabled={disabled}
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value || null)}
    >
      <option value="">No project</option>
      {open.map((each) => (
        <option key={each.id} value={each.id}>
          {each.name}
        </option>
      ))}
    </Select>
  );
}
