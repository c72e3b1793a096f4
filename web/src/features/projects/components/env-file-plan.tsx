import { Badge, type Tone } from "@/components/ui/badge";
import { plural } from "@/lib/format";
import type { EnvFile, Step } from "../env-file";

export const willChange = ({ what }: Step) => what !== "same" && what !== "kept";

const looks: Record<Step["what"], [Tone, string]> = {
  new: ["success", "New"],
  changed: ["accent", "New value"],
  same: ["neutral", "Same"],
  kept: ["neutral", "Kept"],
  removed: ["danger", "Removed"],
};

/** What a .env file would do to each variable that it touches, and the lines that it did not understand. */
export function EnvFilePlan({ steps, mistakes }: { steps: Step[]; mistakes: EnvFile["mistakes"] }) {
  const kept = steps.filter(({ what }) => what === "kept").length;
  const touched = steps.filter(({ what }) => what !== "kept");
  return (
    <div aria-live="polite" className="grid gap-3">
      {mistakes.length > 0 && (
        <ul className="rounded-md bg-warning-soft px-3 py-2 text-warning">
          {mistakes.map(({ line, text }) => (
            <li key={line}>
              Line {line} {text}. It is left out.
            </li>
          ))}
        </ul>
      )}
      {touched.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
        <ul aria-label="What changes" tabIndex={0} className="max-h-52 divide-y overflow-y-auto rounded-md border">
          {touched.map(({ key, what, is_secret }) => (
            <li key={key} className="flex items-center gap-2 px-3 py-1.5">
              <span className="min-w-0 grow font-mono text-[0.8125rem] wrap-anywhere">{key}</span>
              {is_secret && <Badge>Secret</Badge>}
              <Badge tone={looks[what][0]}>{looks[what][1]}</Badge>
            </li>
          ))}
        </ul>
      )}
      {kept > 0 && touched.length > 0 && (
        <p className="text-[0.8125rem] text-muted-foreground">
          {plural(kept, "other variable")} {kept === 1 ? "stays as it is" : "stay as they are"}.
        </p>
      )}
    </div>
  );
}
