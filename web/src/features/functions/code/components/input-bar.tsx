import { useQuery } from "@tanstack/react-query";
import { Ellipsis, FilePlus2, Save, Trash2 } from "lucide-react";
import { useState } from "react";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/input";
import { Menu, MenuItem } from "@/components/ui/menu";
import { textParam, useSearch } from "@/lib/search";
import { inputsQuery, useRemoveInput, useSaveInput } from "../queries";
import { inputTemplates } from "../templates";
import type { Input } from "../use-input";
import { SaveInputDialog } from "./save-input-dialog";

interface InputBarProps {
  id: string;
  input: Input;
  readOnly: boolean;
}

const search = { input: textParam() };

/** The inputs that are saved with the function, and what begins new ones. */
export function InputBar({ id, input, readOnly }: InputBarProps) {
  const [{ input: name }, change] = useSearch(search);
  const [naming, setNaming] = useState(false);
  const { data: saved = [], error } = useQuery(inputsQuery(id));
  const save = useSaveInput(id);
  const remove = useRemoveInput(id);
  const known = saved.some((each) => each.name === name);
  const choose = (value: string) => {
    const [kind, chosen = ""] = [value.slice(0, 2), value.slice(2)];
    const text = kind === "t:" ? inputTemplates.find(([label]) => label === chosen)?.[1] : textOf(saved, chosen);
    if (text !== undefined) input.replace(text);
    change({ input: kind === "s:" ? chosen : "" });
  };
  const failed = (cause: Error) => toast.error(cause.message);
  const store = () =>
    save.mutate({ name, input: input.text }, { onSuccess: () => toast.done(`${name} is saved.`), onError: failed });
  const discard = () =>
    remove.mutate(name, {
      onSuccess: () => {
        change({ input: "" });
        const text = textOf(saved, name) ?? "{}";
        toast.done(`${name} is removed.`, { label: "Undo", run: () => save.mutate({ name, input: text }) });
      },
      onError: failed,
    });
  return (
    <div className="flex items-center gap-1">
      <Select
        aria-label="Input"
        className="h-8 min-w-0 grow px-2 text-[0.8125rem]"
        value={known ? `s:${name}` : ""}
        onChange={(event) => choose(event.target.value)}
      >
        <option value="">{error ? "Saved inputs could not be loaded" : "Choose an input"}</option>
        {saved.length > 0 && (
          <optgroup label="Saved">
            {saved.map((each) => (
              <option key={each.name} value={`s:${each.name}`}>
                {each.name}
              </option>
            ))}
          </optgroup>
        )}
        <optgroup label="Begin with">
          {inputTemplates.map(([label]) => (
            <option key={label} value={`t:${label}`}>
              {label}
            </option>
          ))}
        </optgroup>
      </Select>
      {!readOnly && (
        <Menu
          trigger={
            <Button variant="ghost" size="smallIcon" aria-label="Actions for the input" pending={save.isPending}>
              <Ellipsis />
            </Button>
          }
        >
          {known && (
            <MenuItem disabled={input.problem !== undefined} onSelect={store}>
              <Save /> Save {name}
            </MenuItem>
          )}
          <MenuItem disabled={input.problem !== undefined} onSelect={() => setNaming(true)}>
            <FilePlus2 /> Save as…
          </MenuItem>
          {known && (
            <MenuItem danger onSelect={discard}>
              <Trash2 /> Remove {name}
            </MenuItem>
          )}
        </Menu>
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

function textOf(saved: { name: string; input?: unknown }[], name: string): string | undefined {
  const found = saved.find((each) => each.name === name);
  return found && JSON.stringify(found.input, null, 2);
}
