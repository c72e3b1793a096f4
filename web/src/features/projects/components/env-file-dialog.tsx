import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { ApiError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/input";
import { Switch } from "@/components/ui/switch";
import { plural } from "@/lib/format";
import { parseEnvFile, planEnvFile, planned } from "../env-file";
import { useReplaceVariables, variablesQuery } from "../queries";
import { EnvFilePlan, willChange } from "./env-file-plan";

interface EnvFileDialogProps {
  project: string;
  onClose: () => void;
}

/** Takes a whole .env file, says what it would change, and changes it in one go. */
export function EnvFileDialog({ project, onClose }: EnvFileDialogProps) {
  const [text, setText] = useState("");
  const [secret, setSecret] = useState(true);
  const [removeOthers, setRemoveOthers] = useState(false);
  const there = useQuery(variablesQuery(project)).data;
  const file = useMemo(() => parseEnvFile(text), [text]);
  const steps = planEnvFile(there ?? [], file, { secret, removeOthers });
  const changes = steps.filter(willChange).length;
  const apply = useApply(project, onClose);
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Paste a .env file"
      description="Lines such as KEY=value, with comments and quotes. Nothing changes before you have seen what would."
      className="w-[min(44rem,calc(100vw-2rem))]"
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (changes > 0 && !apply.pending) void apply.run(text, { secret, removeOthers });
        }}
      >
        <div className="grid gap-4">
          {" "}
          <Field label="Text">
            {(control) => (
              <Textarea
                {...control}
                className="max-h-[40dvh] font-mono text-[0.8125rem]"
                rows={7}
                placeholder={'API_KEY=abc123\nGREETING="Hello there"'}
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
            )}
          </Field>
          <div className="grid gap-3 sm:grid-cols-2">
            <Switch
              label="New ones are secrets"
              hint="Those that exist stay what they are."
              checked={secret}
              onChange={setSecret}
            />
            <Switch
              label="Remove all others"
              hint="Variables that the text does not name."
              checked={removeOthers}
              onChange={setRemoveOthers}
            />
          </div>
          <EnvFilePlan steps={steps} mistakes={file.mistakes} />
          <ErrorNote error={apply.error} />
        </div>{" "}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={changes === 0 || !there} pending={apply.pending}>
            {changes === 0 ? "Nothing to change" : `Change ${plural(changes, "variable")}`}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function useApply(project: string, onDone: () => void) {
  const client = useQueryClient();
  const replace = useReplaceVariables(project);
  const [error, setError] = useState<unknown>();
  const run = async (text: string, options: { secret: boolean; removeOthers: boolean }) => {
    setError(undefined);
    try {
      // As they are now: what somebody has added meanwhile must not go.
      const there = await client.fetchQuery({ ...variablesQuery(project), staleTime: 0 });
      const steps = planEnvFile(there, parseEnvFile(text), options);
      const lost = there.find((old) => old.value === null && steps.some((s) => s.key === old.key && s.what === "kept"));
      if (lost) throw new Error(`${lost.key} cannot be opened: set it anew or delete it first`);
      const all = planned(steps);
      await replace.mutateAsync(all).catch((refusal) => {
        throw named(refusal, all);
      });
      toast.done(`Changed ${plural(steps.filter(willChange).length, "variable")}`);
      onDone();
    } catch (failure) {
      setError(failure);
    }
  };
  return { run, error, pending: replace.isPending };
}

/** The server counts the variables of the list; people know them by name. */
function named(refusal: unknown, all: { key: string }[]): unknown {
  if (!(refusal instanceof ApiError) || refusal.complaints.length === 0) return refusal;
  const texts = refusal.complaints.map(({ loc, msg }) => {
    const key = all[Number(loc[2])]?.key;
    return key ? `${key}: ${msg}` : msg;
  });
  return new Error(texts.join("\n"));
}
