import { ScrollText, SearchX } from "lucide-react";
import { Link } from "react-router";
import { Empty } from "@/components/empty";
import { Button } from "@/components/ui/button";
import type { Scope } from "../queries";

interface NoCallsProps {
  scope: Scope;
  filtered: boolean;
  live: boolean;
  onClear: () => void;
}

/** In place of the list: nothing has been called yet, or nothing fits. */
export function NoCalls({ scope, filtered, live, onClear }: NoCallsProps) {
  if (filtered) {
    return (
      <Empty icon={SearchX} title="No call fits" action={<Button onClick={onClear}>Clear the filters</Button>}>
        No call that is kept fits all of the filters. {live && "One that comes and does appears here by itself."}
      </Empty>
    );
  }
  return (
    <Empty icon={ScrollText} title="No calls yet" action={<NextStep {...scope} />}>
      Each call leaves a record here: what went in and came out, what was printed, and how long it took.{" "}
      {live && "It appears by itself."}
    </Empty>
  );
}

function NextStep({ function: id, project }: Scope) {
  const [to, name] = id
    ? [`/functions/${id}`, "Call this function"]
    : project
      ? [`/projects/${project}`, "To its functions"]
      : ["/functions", "To the functions"];
  return (
    <Button asChild variant="primary">
      <Link to={to}>{name}</Link>
    </Button>
  );
}
