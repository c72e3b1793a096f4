import { Globe, KeyRound, Lock, type LucideIcon } from "lucide-react";
import type { Schema } from "@/api/client";
import { Badge } from "@/components/ui/badge";

type Runtime = Schema<"Function">["runtime"];
type Access = Schema<"Access">;

/** Runtimes by the names that people know them by. */
export const runtimeNames: Record<Runtime, string> = {
  python: "Python",
  nodejs: "JavaScript",
  provided: "Own program",
};

export const accessWords: Record<Access, { name: string; icon: LucideIcon; explanation: string }> = {
  public: { name: "Public", icon: Globe, explanation: "Anybody who knows the address may call it" },
  key: { name: "Key", icon: KeyRound, explanation: "Any account of this server, with a key or signed in" },
  private: { name: "Private", icon: Lock, explanation: "Members of its project only; without a project, you" },
};

/** Who may call a function. */
export function AccessBadge({ access }: { access: Access }) {
  const { name, icon: Icon, explanation } = accessWords[access];
  return (
    <Badge title={explanation}>
      <Icon aria-hidden /> {name}
    </Badge>
  );
}

/** Whether a function takes calls. */
export function StatusBadge({ status }: { status: Schema<"Switch"> }) {
  return status === "active" ? <Badge tone="success">Active</Badge> : <Badge>Inactive</Badge>;
}
