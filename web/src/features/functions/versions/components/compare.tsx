import { DiffEditor } from "@/components/editor/diff-editor";
import type { Monaco } from "@/components/editor/load";
import { Badge, type Tone } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import { bytes } from "@/lib/format";
import type { Difference } from "../compare";

interface CompareProps {
  monaco: Monaco;
  differences: Difference[];
  /** The file in sight; the first one when there is no such. */
  path: string;
  onPath: (path: string) => void;
  sideBySide: boolean;
  className?: string;
}

const kinds: Record<Difference["kind"], [Tone, string]> = {
  added: ["success", "Added"],
  removed: ["danger", "Removed"],
  changed: ["accent", "Changed"],
};

/** Files that are different in a row, and one of them before and after below. */
export function Compare({ monaco, differences, path, onPath, sideBySide, className }: CompareProps) {
  const shown = differences.find((each) => each.path === path) ?? differences.find(isText) ?? differences[0];
  if (!shown)
    return <p className={cn("p-8 text-center text-muted-foreground", className)}>Their files are the same.</p>;
  return (
    <div className={cn("flex min-h-0 flex-col", className)}>
      <ul
        aria-label="Files that differ"
        className="flex max-h-28 shrink-0 flex-wrap gap-1 overflow-y-auto border-b px-2.5 py-1.5"
      >
        {differences.map((each) => (
          <li key={each.path} className="min-w-0">
            <button
              type="button"
              aria-current={each === shown}
              onClick={() => onPath(each.path)}
              className={cn(
                "flex max-w-full items-center gap-2 rounded px-2 py-1 text-left text-[0.8125rem] hover:bg-muted",
                each === shown && "bg-muted font-medium",
              )}
            >
              <span className="min-w-0 grow truncate" title={each.path}>
                {each.path}
              </span>
              <Badge tone={kinds[each.kind][0]}>{kinds[each.kind][1]}</Badge>
            </button>
          </li>
        ))}
      </ul>
      <Body monaco={monaco} difference={shown} sideBySide={sideBySide} />
    </div>
  );
}

function Body({
  monaco,
  difference,
  sideBySide,
}: Pick<CompareProps, "monaco" | "sideBySide"> & { difference: Difference }) {
  const { path, before, after } = difference;
  const modes = before && after && before.mode !== after.mode && `Mode ${before.mode} became ${after.mode}.`;
  if (before?.text === null || after?.text === null)
    return (
      <p className="grow p-8 text-center text-muted-foreground">
        {path} is no text: {before ? size(before.size) : "not there"} before, {after ? size(after.size) : "not there"}{" "}
        after. {modes}
      </p>
    );
  return (
    <div className="flex min-h-80 min-w-0 grow flex-col">
      {modes && <p className="border-b px-3 py-1.5 text-[0.8125rem] text-muted-foreground">{modes}</p>}
      <DiffEditor
        className="grow"
        monaco={monaco}
        path={path}
        before={before?.text ?? ""}
        after={after?.text ?? ""}
        sideBySide={sideBySide}
      />
    </div>
  );
}

const isText = ({ before, after }: Difference) => before?.text !== null && after?.text !== null;
const size = (n: number | undefined) => (n === undefined ? "of unknown size" : bytes(n));
