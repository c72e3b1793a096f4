/** Words for the editor: what event and context have, and ways to begin. */
import type { Monaco } from "@/components/editor/load";
import type { editor, IMarkdownString, languages, Position } from "@/components/editor/monaco";
import { afterPaint } from "@/lib/after-paint";
import { contextMembers, eventMembers, type Member, snippets } from "./members";
import { argumentNames, type Subject, subjectOf } from "./subject";

const known = ["python", "javascript"];
const ours = (model: editor.ITextModel) => model.uri.scheme === "virga";
const done = new WeakSet<Monaco>();

/** Once for all editors of the page. */
export function provideWords(monaco: Monaco) {
  if (done.has(monaco)) return;
  done.add(monaco);
  monaco.languages.registerCompletionItemProvider(known, {
    triggerCharacters: [".", '"', "'"],
    provideCompletionItems: async (model, position, context, token) => {
      if (!ours(model)) return undefined;
      await afterPaint(); // the list is more work than the letter, which is seen first
      if (token.isCancellationRequested) return undefined;
      const before = lineBefore(model, position);
      const subject = subjectOf(before, argumentNames(model.getValue()));
      if (subject) return { suggestions: memberItems(monaco, model, position, subject) };
      // Elsewhere than at the beginning of a line such a word is a name.
      const begins = /^\s*\w*$/.test(before) && !context.triggerCharacter;
      return begins ? { suggestions: snippetItems(monaco, model, position) } : undefined;
    },
  });
  monaco.languages.registerHoverProvider(known, {
    provideHover: (model, position) => (ours(model) ? hoverOf(model, position) : undefined),
  });
}

const lineBefore = (model: editor.ITextModel, { lineNumber, column }: Position) =>
  model.getLineContent(lineNumber).slice(0, column - 1);

const membersOf = (subject: Subject, language: string) =>
  subject.of === "event" ? eventMembers : contextMembers(language);

const words = ({ type, text }: Member): IMarkdownString => ({ value: `*${type}*\n\n${text}` });

function memberItems(
  monaco: Monaco,
  model: editor.ITextModel,
  { lineNumber, column }: Position,
  subject: Subject,
): languages.CompletionItem[] {
  const language = model.getLanguageId();
  // A dictionary of Python has no members behind a dot: the dot gives way to brackets.
  const bracket = subject.by === "dot" && subject.of === "event" && language === "python";
  const dot = subject.by === "dot" && !bracket ? 1 : 0;
  const range = new monaco.Range(lineNumber, subject.at + 1 + dot, lineNumber, column);
  return membersOf(subject, language).map((member, at) => ({
    label: { label: member.name, description: member.type },
    kind: member.call ? monaco.languages.CompletionItemKind.Method : monaco.languages.CompletionItemKind.Field,
    insertText: bracket ? `["${member.name}"]` : member.call ? `${member.name}()` : member.name,
    filterText: bracket ? `.${member.name}` : member.name,
    sortText: `0${String(at).padStart(2, "0")}`,
    documentation: words(member),
    range,
  }));
}

function snippetItems(monaco: Monaco, model: editor.ITextModel, position: Position): languages.CompletionItem[] {
  const word = model.getWordUntilPosition(position);
  const range = new monaco.Range(position.lineNumber, word.startColumn, position.lineNumber, word.endColumn);
  return snippets(model.getLanguageId()).map(({ label, text, body }) => ({
    label: { label, description: "snippet" },
    kind: monaco.languages.CompletionItemKind.Snippet,
    insertText: body,
    insertTextRules: monaco.languages.CompletionItemInsertTextRule.InsertAsSnippet,
    documentation: text,
    sortText: `1${label}`,
    range,
  }));
}

function hoverOf(model: editor.ITextModel, position: Position): languages.Hover | undefined {
  const word = model.getWordAtPosition(position);
  if (!word) return undefined;
  const line = model.getLineContent(position.lineNumber);
  const subject = subjectOf(line.slice(0, word.endColumn - 1), argumentNames(model.getValue()));
  if (!subject) return argumentHover(model, word.word);
  const member = membersOf(subject, model.getLanguageId()).find((each) => each.name === word.word);
  return member && { contents: [{ value: `**${subject.of}.${member.name}**` }, words(member)] };
}

const argumentTexts = {
  event: "What the function was called with: the input of a direct call, or a request of the gateway.",
  context: "About the call: its id, the function and its version, the time that is left.",
};

function argumentHover(model: editor.ITextModel, word: string): languages.Hover | undefined {
  const [event, context] = argumentNames(model.getValue());
  const which = word === event ? "event" : word === context ? "context" : undefined;
  if (!which) return undefined;
  const names = which === "event" ? eventMembers : contextMembers(model.getLanguageId());
  return { contents: [{ value: argumentTexts[which] }, { value: names.map(({ name }) => `\`${name}\``).join(", ") }] };
}
