import { useLayoutEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useTyped } from "@/lib/typed";
import type { Language } from "../packages";

interface AddPackageProps {
  language: Language;
  /** What the address says. */
  asked: string;
  onAsked: (text: string) => void;
  /** Why it could not be added, if so. */
  onAdd: (what: string, build: boolean) => string | undefined;
  pending: boolean;
  /** A build is under way: what is added waits for the next. */
  building: boolean;
}

/** A package by its name: one more line of the list. Whoever comes for a certain one needs a single key or click. */
export function AddPackage({ language, asked, onAsked, onAdd, pending, building }: AddPackageProps) {
  const [problem, setProblem] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const [text, type] = useTyped(asked, onAsked);
  const [wanted] = useState(asked !== "");
  // With the field's first picture: whoever sees it may press Enter.
  useLayoutEffect(() => {
    if (wanted) input.current?.focus();
  }, [wanted]);
  const add = (build: boolean) => {
    const refused = onAdd(text, build);
    setProblem(refused);
    if (!refused) type("");
    input.current?.focus();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add(false);
      }}
    >
      <Field label="Add a package" error={problem}>
        {(control) => (
          <div className="flex flex-wrap gap-2">
            <Input
              {...control}
              ref={input}
              className="min-w-40 flex-1 font-mono max-sm:basis-full text-[0.8125rem]"
              placeholder={language === "python" ? "requests==2.32.3" : "pg@^8.13"}
              value={text}
              onChange={(event) => {
                setProblem(undefined);
                type(event.target.value);
              }}
            />
            <Button type="submit" disabled={!text.trim()}>
              Add
            </Button>
            <Button
              disabled={!text.trim() || building}
              pending={pending && text.trim() !== ""}
              onClick={() => add(true)}
            >
              Add and build
            </Button>
          </div>
        )}
      </Field>
    </form>
  );
}
