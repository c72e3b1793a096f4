import { useQuery } from "@tanstack/react-query";
import { Ellipsis, FilePlus2, Save, Trash2 } from "lucide-react";
import { useState } from "react";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Menu, MenuItem } from "@/components/ui/menu";
import { textParam, useSearch } from "@/lib/search";
import { inputsQuery, useRemoveInput, useSaveInput } from "../queries";
import type { Input } from "../use-input";
import { InputSelect, savedText } from "./input-select";
import { SaveInputDialog } from "./save-input-dialog";

interface InputBarProps {
  id: string;
  input: Input;
  readOnly: boolean;
}

const search = { input: textParam() };

/** The inputs that are saved with the function, and what begins new ones. */
export function InputBar({ id, input, readOnly }: InputBarProps) {
  const [{ input: wanted }, change] = useSearch(search);
  const [naming, setNaming] = useState(false);
  const { data: saved = [], error } = useQuery(inputsQuery(id));
  const name = saved.some((each) => each.name === wanted) ? wanted : "";
  const choose = (next: string, text: string) => {
    input.replace(text);
    change({ input: next });
  };
  return (
    <div className="flex items-center gap-1">
      <InputSelect saved={saved} name={name} failed={error !== null} onChoose={choose} />
      {!readOnly && (
        <InputMenu
          id={id}
          name={name}
          input={input}
          before={savedText(saved, name) ?? "{}"}
          onSaveAs={() => setNaming(true)}
          onRemoved={() => change({ input: "" })}
        />
      )}
      {naming && (
        <SaveInputDialog
          id={id}
          text={input.text}
          onClose={() => setNaming(false)}
          onSaved={(saved) => change({ input: saved })}
        />
      )}
    </div>
  );
}

interface InputMenuProps {
  id: string;
  /** The saved input that is chosen, or "". */
  name: string;
  input: Input;
  /** What is saved under that name. */
  before: string;
  onSaveAs: () => void;
  onRemoved: () => void;
}

function InputMenu({ id, name, input, before, onSaveAs, onRemoved }: InputMenuProps) {
  const save = useSaveInput(id);
  const remove = useRemoveInput(id);
  const onError = (cause: Error) => toast.error(cause.message);
  const store = () =>
    save.mutate({ name, input: input.text }, { onSuccess: () => toast.done(`${name} is saved.`), onError });
  const back = () => save.mutate({ name, input: before }, { onError });
  const discard = () =>
    remove.mutate(name, {
      onSuccess: () => {
        onRemoved();
        toast.done(`${name} is removed.`, { label: "Undo", run: back });
      },
      onError,
    });
  const wrong = input.problem !== undefined;
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="smallIcon" aria-label="Actions for the input">
          <Ellipsis />
        </Button>
      }
    >
      {name && (
        <MenuItem disabled={wrong} onSelect={store}>
          <Save /> Save {name}
        </MenuItem>
      )}
      <MenuItem disabled={wrong} onSelect={onSaveAs}>
        <FilePlus2 /> Save as…
      </MenuItem>
      {name && (
        <MenuItem danger onSelect={discard}>
          <Trash2 /> Remove {name}
        </MenuItem>
      )}
    </Menu>
  );
}
