import type { Schema } from "@/api/client";
import { Badge } from "@/components/ui/badge";

type Role = Schema<"Role">;

/** What each role may do, in a line; each also what those above it may. */
export const roleTexts: [Role, string, string][] = [
  ["viewer", "Viewer", "sees functions, routes, logs and the names of variables"],
  ["editor", "Editor", "also changes functions, routes and variables, and renames the project"],
  ["owner", "Owner", "also reveals secrets, decides about members and domains, and deletes the project"],
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
