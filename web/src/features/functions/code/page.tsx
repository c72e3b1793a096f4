import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { ApiError } from "@/api/error";
import { functionQuery } from "@/api/queries";
import { loadMonaco, type Monaco } from "@/components/editor/load";
import { useMonaco } from "@/components/editor/use-monaco";
import { QueryView } from "@/components/query-view";
import { Skeleton } from "@/components/ui/skeleton";
import { filesQuery } from "../versions/queries";
import { provideWords } from "./completion";
import { Fill } from "./components/fill";
import { Workbench } from "./components/workbench";
import { type Draft, draftFiles, findDraft } from "./drafts";
import { useWorkspace } from "./workspace-hooks";

void loadMonaco(); // needed as soon as the page is: it comes while the function is asked for

/** The code of a function: read, written, deployed and called in one place. */
export function CodePage({ id }: { id: string }) {
  return (
    <QueryView query={useQuery(functionQuery(id))} skeleton={<Frame />}>
      {(fn) => <OfFunction key={fn.id} fn={fn} />}
    </QueryView>
  );
}

/** A draft goes on with the version that it began with, as long as the server still has that. */
function OfFunction({ fn }: { fn: Schema<"Function"> }) {
  const [draft] = useState(() => findDraft(fn.id));
  const [active] = useState(fn.active_version);
  const began = useQuery({ ...filesQuery(fn.id, draft?.base ?? active) });
  const gone = draft !== undefined && began.error instanceof ApiError && began.error.status === 404;
  const instead = useQuery({ ...filesQuery(fn.id, active), enabled: gone });
  return (
    <QueryView query={useMonaco()} skeleton={<Frame />}>
      {(monaco) => (
        <QueryView query={gone ? instead : began} skeleton={<Frame />}>
          {(files) => <Opened fn={fn} monaco={monaco} files={files} draft={draft} />}
        </QueryView>
      )}
    </QueryView>
  );
}

interface OpenedProps {
  fn: Schema<"Function">;
  monaco: Monaco;
  files: Schema<"FunctionFiles">;
  draft: Draft | undefined;
}

function Opened({ fn, monaco, files, draft }: OpenedProps) {
  provideWords(monaco);
  const work = draft && draftFiles(draft, files.files);
  const workspace = useWorkspace(monaco, fn.id, files.version, files.files, work);
  if (!workspace) return <Frame />;
  return (
    <Fill>
      <Workbench fn={fn} monaco={monaco} workspace={workspace} />
    </Fill>
  );
}

/** The place of the panes, until they come. */
function Frame() {
  return (
    <Fill>
      <div className="flex flex-col rounded-lg border bg-card max-xl:h-[calc(max(24rem,60dvh)+2.75rem)] xl:h-full">
        <div className="h-11 shrink-0 border-b" />
        <div className="grid gap-3 p-4">
          {["w-1/3", "w-1/2", "w-2/5"].map((width) => (
            <Skeleton key={width} className={width} />
          ))}
        </div>
      </div>
    </Fill>
  );
}
