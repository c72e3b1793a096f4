import { Command } from "cmdk";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

export function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2.5 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted-foreground"
    >
      {children}
    </Command.Group>
  );
}

interface ItemProps {
  /** Unique among all items. */
  id: string;
  icon: LucideIcon;
  name: string;
  /** What it is found by beside its name. */
  words?: string[];
  /** At the right: where it is, or its keys. */
  beside?: ReactNode;
  onSelect: () => void;
}

export function Item({ id, icon: Icon, name, words = [], beside, onSelect }: ItemProps) {
  return (
    <Command.Item
      value={id}
      keywords={[name, ...words]}
      onSelect={onSelect}
      className="flex h-9.5 cursor-default items-center gap-2.5 rounded-md px-2.5 data-[selected=true]:bg-accent data-[selected=true]:text-accent-foreground"
    >
      <Icon className="size-4 shrink-0 text-muted-foreground" aria-hidden />
      <span className="min-w-0 grow truncate">{name}</span>
      {beside && <span className="flex shrink-0 items-center gap-1 text-xs text-muted-foreground">{beside}</span>}
    </Command.Item>
  );
}
