import { useQuery } from "@tanstack/react-query";
import { Command, useCommandState } from "cmdk";
import { Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { projectsQuery } from "@/api/queries";
import { FunctionActions, KeyActions, PageActions, ProjectActions, ThemeActions } from "./actions";
import { FunctionResults, ProjectResults, useFirstResults } from "./results";

/** What all groups get: what is looked for, and how to do something and be gone. */
export interface PaletteGroupProps {
  text: string;
  run: (action: () => void) => void;
}

/** One line for everything: projects, functions, pages, and what the page in sight can do. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const ready = useFirstResults();
  const run = (action: () => void) => {
    onClose();
    action();
  };
  return (
    <Dialog.Root open onOpenChange={onClose}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/45" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[max(0.75rem,12vh)] left-1/2 z-50 w-[min(38rem,calc(100vw-1.5rem))] -translate-x-1/2 overflow-hidden rounded-xl border bg-card shadow-2xl"
        >
          <Dialog.Title className="sr-only">Find anything</Dialog.Title>
          <Command label="Find anything" loop className="flex max-h-[min(28rem,76dvh)] flex-col">
            <div className="flex items-center gap-2.5 border-b px-4">
              <Search className="size-4 shrink-0 text-muted-foreground" aria-hidden />
              <Command.Input
                value={text}
                onValueChange={setText}
                placeholder="Projects, functions, actions"
                className="h-12 w-full bg-transparent text-[0.9375rem] outline-none placeholder:text-muted-foreground"
              />
            </div>
            <Command.List className="overflow-y-auto p-2" label="What was found">
              <Nothing ready={ready} />
              {ready && (
                <>
                  <ProjectResults text={text} run={run} />
                  <FunctionResults text={text} run={run} />
                  <ProjectActions text={text} run={run} />
                  <FunctionActions text={text} run={run} />
                  <KeyActions text={text} run={run} />
                  <PageActions text={text} run={run} />
                  <ThemeActions text={text} run={run} />
                </>
              )}
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** An item, so that the list is never without one: a list box must not be. */
function Nothing({ ready }: { ready: boolean }) {
  const found = useCommandState((state) => state.filtered.count);
  const isLooking = useQuery(projectsQuery()).isPending || !ready;
  if (found > 0) return null;
  return (
    <Command.Item forceMount disabled value="nothing" className="px-3 py-8 text-center text-muted-foreground">
      {isLooking ? "Looking" : "Nothing has this name."}
    </Command.Item>
  );
}
