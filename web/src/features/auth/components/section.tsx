import type { ReactNode } from "react";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { cn } from "@/lib/cn";

interface SectionProps {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}

/** One thing to set, in a card as wide as is good to read. */
export function Section({ title, description, actions, children }: SectionProps) {
  return (
    <Card className={cn("max-w-3xl", !children && "pb-1")}>
      <CardHeader title={title} description={description} actions={actions} />
      {children && <CardBody>{children}</CardBody>}
    </Card>
  );
}
