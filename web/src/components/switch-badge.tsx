import type { Schema } from "@/api/client";
import { Badge } from "./ui/badge";

/** Whether a project's routes, or a function, take calls. */
export function SwitchBadge({ status }: { status: Schema<"Switch"> }) {
  return status === "active" ? <Badge tone="success">Active</Badge> : <Badge tone="warning">Inactive</Badge>;
}
