import { Copy, Ellipsis, FolderInput, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Menu, MenuItem, MenuLine } from "@/components/ui/menu";
import { useMayEdit } from "../queries";
import { DuplicateDialog, MoveDialog } from "./copy-dialogs";
import { DeleteDialog } from "./delete-dialog";

/** What can be done with a function as a whole. */
export function FunctionMenu({ fn }: { fn: Schema<"Function"> }) {
  const [open, setOpen] = useState<"duplicate" | "move" | "delete">();
  const mayEdit = useMayEdit(fn);
  const close = () => setOpen(undefined);
  return (
    <>
      <Menu
        trigger={
          <Button size="icon" aria-label="More actions">
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem onSelect={() => setOpen("duplicate")}>
          <Copy aria-hidden /> Duplicate
        </MenuItem>
        <MenuItem disabled={!mayEdit} onSelect={() => setOpen("move")}>
          <FolderInput aria-hidden /> Move to another project
        </MenuItem>
        <MenuLine />
        <MenuItem danger disabled={!mayEdit} onSelect={() => setOpen("delete")}>
          <Trash2 aria-hidden /> Delete
        </MenuItem>
      </Menu>
      {open === "duplicate" && <DuplicateDialog fn={fn} onClose={close} />}
      {open === "move" && <MoveDialog fn={fn} onClose={close} />}
      <DeleteDialog fn={fn} open={open === "delete"} onOpenChange={close} />
    </>
  );
}
