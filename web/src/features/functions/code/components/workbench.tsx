import { useMemo } from "react";
import type { Schema } from "@/api/client";
import type { Monaco } from "@/components/editor/load";
import { toast } from "@/components/toaster";
import { isMac, useKeyNotes, useShortcut } from "@/lib/shortcuts";
import { useMayEdit } from "../../queries";
import { entryPath } from "../files";
import { useCalls } from "../use-calls";
import { useDeployment, useFollow } from "../use-deployment";
import { useFiles } from "../use-files";
import { useMarks, useProblems } from "../use-problems";
import type { Workspace } from "../workspace";
import { ConflictDialog } from "./conflict-dialog";
import { DeployBar } from "./deploy-bar";
import { EditorPane } from "./editor-pane";
import { FileTree } from "./file-tree";
import { LeaveDialog } from "./leave-dialog";
import { Notices } from "./notices";
import { Handle, useWidth } from "./panes";
import { TestPanel } from "./test-panel";

interface WorkbenchProps {
  fn: Schema<"Function">;
  monaco: Monaco;
  workspace: Workspace;
}

const keyNotes = [
  { keys: "mod+f", label: "In the code: find" },
  { keys: "F8", label: "In the code: next problem" },
  { keys: isMac ? "Ctrl+Shift+M" : "Ctrl+M", label: "In the code: let Tab leave, and back" },
  { keys: "F2", label: "In the files: rename or move" },
  { keys: "Delete", label: "In the files: remove" },
];

/** Files at the left, the code in the middle, calls at the right: from a thought to an answer without leaving. */
export function Workbench({ fn, monaco, workspace }: WorkbenchProps) {
  const readOnly = !useMayEdit(fn);
  const deployment = useDeployment(fn, workspace);
  const calls = useCalls(fn.id, deployment.call);
  const problems = useProblems(fn, deployment, calls);
  const { paths, changed, kept } = workspace.snapshot();
  const files = useFiles(paths, entryPath(fn.handler, fn.runtime, paths));
  const known = useMemo(() => new Set(paths), [paths]);
  useKeyNotes(keyNotes);
  useFollow(fn, workspace);
  useMarks(monaco, workspace, problems);
  useShortcut("mod+s", "Deploy", () => !readOnly && deployment.deploy());
  const discard = () => {
    const mine = workspace.files();
    const { version } = workspace.snapshot();
    workspace.replace(version, workspace.base());
    toast.done("Your changes are discarded.", {
      label: "Undo",
      run: () => workspace.replace(version, workspace.base(), mine),
    });
  };
  return (
    <div className="flex min-h-0 flex-col overflow-hidden rounded-lg border bg-card xl:h-full">
      <Notices fn={fn} deployment={deployment} readOnly={readOnly} />
      <DeployBar deployment={deployment} onDiscard={discard} readOnly={readOnly} />
      <Panes
        tree={<FileTree workspace={workspace} active={files.active} onOpen={files.open} readOnly={readOnly} />}
        editor={<EditorPane {...{ fn, monaco, workspace, files, problems, readOnly }} />}
        test={
          <TestPanel
            fn={fn}
            monaco={monaco}
            calls={calls}
            files={known}
            ahead={changed.size > 0}
            readOnly={readOnly}
            onPlace={files.go}
          />
        }
      />
      <LeaveDialog
        changes={changed.size}
        kept={kept}
        onDiscard={() => workspace.replace(deployment.version, workspace.base())}
      />
      {deployment.conflict && <ConflictDialog {...{ fn, monaco, workspace, deployment }} />}
    </div>
  );
}

interface PanesProps {
  tree: React.ReactNode;
  editor: React.ReactNode;
  test: React.ReactNode;
}

/** Side by side on wide screens; the test below on narrower ones, and the files above on telephones. */
function Panes({ tree, editor, test }: PanesProps) {
  const left = useWidth({ name: "files", preset: 152, min: 120, max: 400 });
  const right = useWidth({
    name: "test",
    preset: Math.min(480, Math.max(320, window.innerWidth / 5)),
    min: 260,
    max: 720,
  });
  const style = { "--left": `${left.width}px`, "--right": `${right.width}px` } as React.CSSProperties;
  return (
    <div
      style={style}
      className="grid min-h-0 grow md:grid-cols-[var(--left)_minmax(0,1fr)] xl:grid-cols-[var(--left)_minmax(0,1fr)_var(--right)]"
    >
      <div className="relative min-h-0 border-b md:border-r md:border-b-0 max-md:max-h-44 max-md:overflow-y-auto">
        {tree}
        <Handle label="Width of the files" pane={left} side="right" className="max-md:hidden" />
      </div>
      <div className="min-h-0 min-w-0 max-xl:h-[max(24rem,60dvh)]">{editor}</div>
      <div className="relative min-h-0 min-w-0 border-t md:col-span-2 xl:col-span-1 xl:border-t-0 xl:border-l">
        {test}
        <Handle label="Width of the test" pane={right} side="left" className="max-xl:hidden" />
      </div>
    </div>
  );
}
