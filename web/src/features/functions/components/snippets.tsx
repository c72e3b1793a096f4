import { useState } from "react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { CodeBlock } from "@/components/code-block";
import { CopyButton } from "@/components/copy-button";
import { Segmented } from "@/components/ui/segmented";
import { type SnippetLanguage, snippet, snippetLanguages, type Target } from "../snippets";
import { RadioCards } from "./radio-cards";

type Fn = Schema<"Function">;

const languageNames: Record<SnippetLanguage, string> = {
  curl: "curl",
  virga: "virga",
  javascript: "JavaScript",
  python: "Python",
};

interface SnippetsProps {
  fn: Fn;
  targets: Target[];
}

/** Where the function is reached, and ready code in several languages that does it. */
export function Snippets({ fn, targets }: SnippetsProps) {
  const [at, setAt] = useState(0);
  const [language, setLanguage] = useState<SnippetLanguage>("curl");
  const target = targets[at] ?? targets[0];
  if (!target) return null;
  const languages = snippetLanguages.filter((each) => snippet(each, target, fn));
  const shown = languages.includes(language) ? language : "curl";
  const code = snippet(shown, target, fn) ?? "";
  return (
    <div className="grid min-w-0 gap-4">
      {targets.length > 1 && <TargetChoice targets={targets} at={at} onChange={setAt} />}
      <AddressLine target={target} />
      <CodeBlock
        code={code}
        label={`${languageNames[shown]} code`}
        title={
          <Segmented
            label="Language"
            value={shown}
            onChange={setLanguage}
            options={languages.map((each) => [each, languageNames[each]])}
          />
        }
        className="max-h-80"
      />
      <KeyNote fn={fn} />
    </div>
  );
}

interface TargetChoiceProps {
  targets: Target[];
  at: number;
  onChange: (at: number) => void;
}

function TargetChoice({ targets, at, onChange }: TargetChoiceProps) {
  return (
    <RadioCards
      label="Address"
      value={String(at)}
      onChange={(value) => onChange(Number(value))}
      className="max-h-56 overflow-y-auto p-0.5 sm:grid-cols-2"
      options={targets.map((target, index) => ({
        value: String(index),
        name: target.route ? <span className="font-mono text-xs wrap-anywhere">{target.route}</span> : "Direct call",
        explanation: target.route ? "A route of its project" : "By its id, whatever its routes are",
      }))}
    />
  );
}

function AddressLine({ target }: { target: Target }) {
  return (
    <div className="flex min-w-0 items-center gap-2">
      <code className="min-w-0 grow rounded-md bg-muted px-2.5 py-1.5 font-mono text-[0.8125rem] wrap-anywhere">
        <span className="text-muted-foreground">{target.method}</span> {target.url}
      </code>
      <CopyButton text={target.url} label="Copy the address" />
    </div>
  );
}

function KeyNote({ fn }: { fn: Fn }) {
  if (fn.access === "public")
    return <p className="text-muted-foreground">Anybody who knows this address may call it.</p>;
  return (
    <p className="text-muted-foreground">
      Takes a key with the scope <code className="font-mono text-[0.8125rem]">invoke</code>
      {fn.access === "private" && " of a member of its project"}, from the variable{" "}
      <code className="font-mono text-[0.8125rem]">VIRGA_KEY</code>.{" "}
      <Link to="/settings/keys" className="text-primary underline underline-offset-4">
        Make a key
      </Link>
    </p>
  );
}
