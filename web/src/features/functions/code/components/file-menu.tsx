import { Ellipsis, FilePlus2, Pencil, Trash2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Menu, MenuItem } from "@/components/ui/menu";

interface FileMenuProps {
  name: string;
  /** A file that is no text can be kept or removed only. */
  renames: boolean;
  onRename: () => void;
  onNew: (() => void) | undefined;
  onRemove: () => void;
}

/** What can be done with a file or a folder. */
export function FileMenu({ name, renames, onRename, onNew, onRemove }: FileMenuProps) {
  return (
    // A click in the menu is none on the row, though React would hand it on.
    // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: it only stops clicks
    <span onClick={(event) => event.stopPropagation()} className="contents">
      <Menu
        align="start"
        trigger={
          <Button
            variant="ghost"
            size="smallIcon"
            tabIndex={-1}
            aria-label={`Actions for ${name}`}
            className="size-6 text-current opacity-0 group-hover:opacity-100 group-focus-within:opacity-100 hover:bg-transparent hover:text-current data-[state=open]:opacity-100 max-md:opacity-100"
          >
            <Ellipsis />
          </Button>
        }
      >
        {onNew && (
          <MenuItem onSelect={onNew}>
            <FilePlus2 /> New file here
          </MenuItem>
        )}
        <MenuItem disabled={!renames} onSelect={onRename}>
          <Pencil /> Rename
        </MenuItem>
        <MenuItem danger onSelect={onRemove}>
          <Trash2 /> Remove
        </MenuItem>
      </Menu>
    </span>
  );
}
