import { FileQuestion } from "lucide-react";
import { memo } from "react";
import type { Schema } from "@/api/client";
import { CodeEditor } from "@/components/editor/code-editor";
import type { Monaco } from "@/components/editor/load";
import { Empty } from "@/components/empty";
import { bytes } from "@/lib/format";
import { isTooLarge } from "../files";
import type { Place } from "../traceback";
import type { useFiles } from "../use-files";
import type { Workspace } from "../workspace";
import { useSnapshot } from "../workspace-hooks";
import { FileTabs } from "./file-tabs";
import { type Problem, Problems } from "./problems";

interface EditorPaneProps {
  fn: Schema<"Function">;
  monaco: Monaco;
  workspace: Workspace;
  files: ReturnType<typeof useFiles>;
  problems: Problem[];
  readOnly: boolean;
}

/** The open files, the one in sight, and where it fails. */
export const EditorPane = memo(function EditorPane({
  fn,
  monaco,
  workspace,
  files,
  problems,
  readOnly,
}: EditorPaneProps) {
  const { changed } = useSnapshot(workspace);
  const { active } = files;
  const model = active === undefined ? undefined : workspace.model(active);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <FileTabs paths={files.tabs} active={active} changed={changed} onOpen={files.open} onClose={files.close} />
      {model ? (
        <CodeEditor
          className="grow"
          monaco={monaco}
          model={model}
          label={active ?? ""}
          readOnly={readOnly}
          options={{ glyphMargin: true }}
          onEditor={files.onEditor}
        />
      ) : (
        <NoText path={active} workspace={workspace} />
      )}
      <Problems fn={fn} problems={problems} readOnly={readOnly} onPlace={(place: Place) => files.go(place)} />
    </div>
  );
});

function NoText({ path, workspace }: { path: string | undefined; workspace: Workspace }) {
  const files = workspace.files();
  const file = files.find((each) => each.path === path);
  return (
    <div className="min-h-0 grow overflow-y-auto p-6">
      {path === undefined ? (
        <Empty icon={FileQuestion} title="No files">
          Add one at the left: a function needs the file that its handler is in.
        </Empty>
      ) : (
        <Empty icon={FileQuestion} title={file && isTooLarge(file, files) ? "Too large to edit here" : "No text file"}>
          {path}
          {file?.size !== undefined && `, ${bytes(file.size)},`} cannot be edited here. It stays as it is when you
          deploy; an upload replaces it.
        </Empty>
      )}
    </div>
  );
}
