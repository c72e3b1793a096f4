import { ChevronRight, FileCode, FileLock2, FilePlus2, Folder, Upload } from "lucide-react";
import { memo, type ReactNode, useRef, useState } from "react";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { plural } from "@/lib/format";
import type { TreeRow } from "../files";
import { readUpload, uploadProblem } from "../upload";
import type { Workspace } from "../workspace";
import { useSnapshot } from "../workspace-hooks";
import { FileMenu } from "./file-menu";
import { PathDialog } from "./path-dialog";
import { useTree } from "./use-tree";

interface FileTreeProps {
  workspace: Workspace;
  active: string | undefined;
  onOpen: (path: string) => void;
  readOnly: boolean;
}

type Asked = { kind: "new" | "rename"; path: string };

/** The files by their folders: arrows move, Enter opens, F2 renames, Delete removes. */
export const FileTree = memo(function FileTree({ workspace, active, onOpen, readOnly }: FileTreeProps) {
  const { paths, changed } = useSnapshot(workspace);
  const [asked, setAsked] = useState<Asked>();
  const add = (path: string) => setAsked({ kind: "new", path });
  const rename = (path: string) => {
    if (workspace.renames(path)) setAsked({ kind: "rename", path });
    else toast.error(`${path} stays where it is: what is no text is moved with the command line.`);
  };
  const remove = (path: string) => {
    const back = workspace.remove(path);
    toast.done(`${path} goes with the next deploy.`, { label: "Put back", run: back });
  };
  const upload = async (chosen: File[]) => {
    const files = await Promise.all(chosen.map(readUpload));
    const problem = uploadProblem(files, paths);
    if (problem) return toast.error(problem);
    const back = workspace.put(files);
    toast.done(`${plural(files.length, "file")} added, not deployed yet.`, { label: "Undo", run: back });
    if (files[0]) onOpen(files[0].path);
  };
  const answered = (path: string) => {
    if (asked?.kind === "rename") workspace.rename(asked.path, path);
    else workspace.add(path);
    if (workspace.model(path) !== undefined) onOpen(path);
  };
  const may = readOnly ? undefined : { add, rename, remove };
  const tree = useTree(paths, active, { onOpen, onRename: may?.rename, onRemove: may?.remove });
  return (
    <div className="flex h-full min-h-0 flex-col">
      <TreeHeader
        onNew={may && (() => add(""))}
        onUpload={(files) => void upload(files).catch((error: Error) => toast.error(error.message))}
      />
      <div ref={tree.tree} role="tree" aria-label="Files" className="min-h-0 grow overflow-y-auto py-1.5">
        {tree.rows.map((row) => (
          <Row
            key={row.path}
            row={row}
            tree={tree}
            active={row.path === active}
            changed={changed.has(row.path)}
            text={workspace.model(row.path) !== null}
          >
            {may && (
              <FileMenu
                name={row.name}
                renames={workspace.renames(row.path)}
                onRename={() => rename(row.path)}
                onNew={row.folder ? () => add(`${row.path}/`) : undefined}
                onRemove={() => remove(row.path)}
              />
            )}
          </Row>
        ))}
      </div>
      {asked && (
        <PathDialog
          title={asked.kind === "new" ? "New file" : `Rename ${asked.path}`}
          action={asked.kind === "new" ? "Add file" : "Rename"}
          start={asked.path}
          others={paths.filter((path) => asked.kind === "new" || !`${path}/`.startsWith(`${asked.path}/`))}
          onClose={() => setAsked(undefined)}
          onPath={answered}
        />
      )}
    </div>
  );
});

interface TreeHeaderProps {
  onNew: (() => void) | undefined;
  onUpload: (files: File[]) => void;
}

function TreeHeader({ onNew, onUpload }: TreeHeaderProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="flex h-10 shrink-0 items-center justify-between border-b pr-1.5 pl-3">
      <h2 className="text-[0.8125rem] font-medium text-muted-foreground">Files</h2>
      {onNew && (
        <div className="flex">
          <Button
            variant="ghost"
            size="smallIcon"
            aria-label="Upload files"
            title="Upload files"
            onClick={() => input.current?.click()}
          >
            <Upload />
          </Button>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            onChange={({ target }) => {
              onUpload([...(target.files ?? [])]);
              target.value = ""; // the same file may be chosen again
            }}
          />
          <Button variant="ghost" size="smallIcon" aria-label="New file" title="New file" onClick={onNew}>
            <FilePlus2 />
          </Button>
        </div>
      )}
    </div>
  );
}

interface RowProps {
  row: TreeRow;
  tree: ReturnType<typeof useTree>;
  active: boolean;
  changed: boolean;
  text: boolean;
  /** What can be done with it. */
  children: ReactNode;
}

function Row({ row, tree, active, changed, text, children }: RowProps) {
  return (
    <div
      role="treeitem"
      data-path={row.path}
      tabIndex={row === tree.entry ? 0 : -1}
      aria-level={row.depth + 1}
      aria-selected={active}
      aria-expanded={row.folder ? tree.isOpen(row) : undefined}
      aria-label={changed ? `${row.name}, not deployed` : row.name}
      onClick={() => tree.open(row)}
      onFocus={() => tree.setFocused(row.path)}
      onKeyDown={(event) => tree.onKey(event, row)}
      style={{ paddingLeft: `${0.5 + row.depth * 0.75}rem` }}
      className={cn(
        "group flex h-7.5 cursor-pointer items-center gap-1.5 pr-1 text-[0.8125rem] focus-visible:outline-offset-[-2px]",
        active ? "bg-accent text-accent-foreground" : "hover:bg-muted",
      )}
    >
      <RowIcon row={row} open={tree.isOpen(row)} text={text} />
      <span className="min-w-0 grow truncate" title={row.path}>
        {row.name}
      </span>
      {changed && <span aria-hidden className="mr-1 size-1.5 shrink-0 rounded-full bg-primary" />}
      {children}
    </div>
  );
}

function RowIcon({ row, open, text }: { row: TreeRow; open: boolean; text: boolean }) {
  const look = "size-3.5 shrink-0 opacity-70";
  if (!row.folder) return text ? <FileCode aria-hidden className={look} /> : <FileLock2 aria-hidden className={look} />;
  return (
    <>
      <ChevronRight aria-hidden className={cn(look, "-mr-0.5 transition-transform", open && "rotate-90")} />
      <Folder aria-hidden className={look} />
    </>
  );
}
