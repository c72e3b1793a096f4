import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ArrowRight, History } from "lucide-react";
import type { Schema } from "@/api/client";
import { functionQuery } from "@/api/queries";
import { loadMonaco } from "@/components/editor/load";
import { useMonaco } from "@/components/editor/use-monaco";
import { Empty } from "@/components/empty";
import { QueryView } from "@/components/query-view";
import { toast } from "@/components/toaster";
import { Card } from "@/components/ui/card";
import { Segmented } from "@/components/ui/segmented";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { choiceParam, numberParam, textParam, useSearch } from "@/lib/search";
import { Fill } from "../code/components/fill";
import { useMayEdit } from "../queries";
import { compareFiles } from "./compare";
import { Compare } from "./components/compare";
import { VersionList } from "./components/version-list";
import { VersionSelect } from "./components/version-select";
import { filesQuery, useActivate, versionsQuery } from "./queries";

void loadMonaco(); // needed as soon as the page is: it comes while the versions are asked for

/** What was deployed when, what each version changed, and the way back to one. */
export function VersionsPage({ id }: { id: string }) {
  return (
    <QueryView query={useQuery(functionQuery(id))} skeleton={<Skeleton className="h-96" />}>
      {(fn) => <Versions fn={fn} />}
    </QueryView>
  );
}

const search = {
  from: numberParam(),
  to: numberParam(),
  file: textParam(),
  view: choiceParam("inline", "side"),
};

function Versions({ fn }: { fn: Schema<"Function"> }) {
  const [chosen, change] = useSearch(search);
  const versions = useInfiniteQuery(versionsQuery(fn.id));
  const numbers = (versions.data ?? []).map((each) => each.version);
  const before = (version: number) => numbers.find((each) => each < version) ?? guess(version, versions.hasNextPage);
  const to = chosen.to ?? fn.active_version;
  const from = chosen.from ?? before(to);
  const activate = useActivate(fn.id);
  const back = useBack(fn, activate);
  return (
    <Fill className="flex min-h-0 flex-col gap-4 xl:flex-row">
      <Card className="flex min-h-0 shrink-0 flex-col overflow-hidden xl:w-76">
        <div className="min-h-0 overflow-y-auto max-xl:max-h-[50dvh]">
          <VersionList
            fn={fn}
            compared={[from, to]}
            readOnly={!useMayEdit(fn)}
            pending={activate.isPending ? activate.variables : undefined}
            onCompare={(version) => change({ to: version, from: before(version), file: "" })}
            onActivate={back}
          />
        </div>
      </Card>
      {/* Below the list it waits for that: nothing moves when it is known how long that is. */}
      <Card className={cn("flex min-h-0 min-w-0 grow flex-col overflow-hidden", versions.isPending && "max-xl:hidden")}>
        {from === undefined && !versions.isPending && <FirstVersion />}
        {from !== undefined && (
          <>
            <CompareBar fn={fn} numbers={numbers} from={from} to={to} view={chosen.view} onChange={change} />
            <Differences {...chosen} {...{ fn, from, to }} onFile={(file) => change({ file })} />
          </>
        )}
      </Card>
    </Fill>
  );
}

/** The version before one whose page of the list has not come yet. */
const guess = (version: number, more: boolean) => (more && version > 1 ? version - 1 : undefined);

function FirstVersion() {
  return (
    <div className="p-5">
      <Empty icon={History} title="Nothing to compare yet">
        Every deploy makes a version. What the next one changes is shown here, and the way back is one click.
      </Empty>
    </div>
  );
}

interface CompareBarProps {
  fn: Schema<"Function">;
  numbers: number[];
  from: number;
  to: number;
  view: "inline" | "side";
  onChange: (change: { from?: number; to?: number; view?: "inline" | "side" }) => void;
}

function CompareBar({ fn, numbers, from, to, view, onChange }: CompareBarProps) {
  const common = { versions: numbers, active: fn.active_version };
  return (
    <div className="flex flex-wrap items-center gap-2 border-b px-3 py-2">
      <VersionSelect label="From" value={from} {...common} onChange={(from) => onChange({ from, to })} />
      <ArrowRight className="size-4 shrink-0 text-muted-foreground" aria-hidden />
      <VersionSelect label="To" value={to} {...common} onChange={(to) => onChange({ from, to })} />
      <div className="ml-auto max-sm:hidden">
        <Segmented
          label="How differences are shown"
          value={view}
          onChange={(view) => onChange({ view })}
          options={[
            ["inline", "Inline"],
            ["side", "Side by side"],
          ]}
        />
      </div>
    </div>
  );
}

interface DifferencesProps {
  fn: Schema<"Function">;
  from: number;
  to: number;
  file: string;
  view: "inline" | "side";
  onFile: (path: string) => void;
}

function Differences({ fn, from, to, file, view, onFile }: DifferencesProps) {
  const monaco = useMonaco();
  const before = useQuery(filesQuery(fn.id, from));
  const after = useQuery(filesQuery(fn.id, to));
  const skeleton = <Skeleton className="m-3 h-64" />;
  return (
    <QueryView query={monaco} skeleton={skeleton}>
      {(monaco) => (
        <QueryView query={before} skeleton={skeleton}>
          {(before) => (
            <QueryView query={after} skeleton={skeleton}>
              {(after) => (
                <Compare
                  className="grow max-xl:min-h-[60dvh]"
                  monaco={monaco}
                  differences={compareFiles(before.files, after.files)}
                  path={file}
                  onPath={onFile}
                  sideBySide={view === "side"}
                />
              )}
            </QueryView>
          )}
        </QueryView>
      )}
    </QueryView>
  );
}

/** One click there, one click back. */
function useBack(fn: Schema<"Function">, activate: ReturnType<typeof useActivate>) {
  const failed = (error: Error) => toast.error(error.message);
  return (version: number) => {
    const was = fn.active_version;
    const undo = () => activate.mutate(was, { onError: failed });
    activate.mutate(version, {
      onSuccess: () => toast.done(`Version ${version} is active.`, { label: "Undo", run: undo }),
      onError: failed,
    });
  };
}
