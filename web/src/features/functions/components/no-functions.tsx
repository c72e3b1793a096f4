import { Plus, SquareFunction } from "lucide-react";
import { Link } from "react-router";
import { Empty } from "@/components/empty";
import { Button } from "@/components/ui/button";

/** Leads from an empty list to the first function. */
export function NoFunctions({ to, mayCreate = true }: { to: string; mayCreate?: boolean }) {
  return (
    <Empty icon={SquareFunction} title="No functions yet" action={mayCreate && <NewFunctionButton to={to} />}>
      A function is a few lines of code with an address of its own. Write one here, or send it with{" "}
      <code className="font-mono text-[0.8125rem]">virga deploy</code>.
    </Empty>
  );
}

export function NewFunctionButton({ to }: { to: string }) {
  return (
    <Button asChild variant="primary">
      <Link to={to}>
        <Plus aria-hidden /> New function
      </Link>
    </Button>
  );
}
