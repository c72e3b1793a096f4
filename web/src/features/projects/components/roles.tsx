import type { Schema } from "@/api/client";
import { Badge } from "@/components/ui/badge";

type Role = Schema<"Role">;

/** What each role may do, in a line; each also what those before it may. */
export const roleTexts: [Role, string, string][] = [
  ["viewer", "Viewer", "Sees functions, routes and logs, and variables that are no secrets."],
  ["editor", "Editor", "Changes functions, routes and variables, and the settings of the project."],
  ["owner", "Owner", "Reveals secrets, decides about members and domains, and can delete the project."],
];

const names = Object.fromEntries(roleTexts.map(([role, name]) => [role, name])) as Record<Role, string>;

/** What the account may do in the project. */
export function RoleBadge({ role }: { role: Role }) {
  return (
    <Badge tone={role === "owner" ? "accent" : "neutral"} title={`Your role: ${names[role]}`}>
      {names[role]}
    </Badge>
  );
}

export function RoleOptions() {
  return roleTexts.map(([role, name]) => (
    <option key={role} value={role}>
      {name}
    </option>
  ));
}
