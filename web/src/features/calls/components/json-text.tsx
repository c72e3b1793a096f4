import { Highlight } from "./highlight";

type Kind = "name" | "text" | "number" | "word" | "plain";
export type Token = [Kind, string];

const pattern = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([^"\dtfn-]+|.)/gs;

/** The parts of a JSON text. Other texts have parts, too, just not useful ones. */
export function jsonTokens(text: string): Token[] {
  return Array.from(text.matchAll(pattern), ([all, quoted, colon, number, word]): Token => {
    if (quoted) return [colon ? "name" : "text", all];
    return [number ? "number" : word ? "word" : "plain", all];
  });
}

/** Indented, when it is JSON. Numbers stay as they are written, unlike with JSON.parse: 1e400 and 0.10 have meanings. */
export function prettyJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  return indent(jsonTokens(text));
}

function indent(tokens: Token[]): string {
  const out: string[] = [];
  let depth = 0;
  const line = () => out.push(`\n${"  ".repeat(depth)}`);
  const marks = tokens.flatMap(([kind, text]) =>
    kind === "plain"
      ? Array.from(text).filter((mark) => mark.trim())
      : kind === "name"
        ? [`${text.slice(0, -1).trimEnd()}: `]
        : [text],
  );
  marks.forEach((mark, at) => {
    const closes = marks[at + 1] === "}" || marks[at + 1] === "]";
    if (mark === "{" || mark === "[") {
      out.push(mark);
      if (closes) return;
      depth++;
      line();
    } else if (mark === "}" || mark === "]") {
      if (marks[at - 1] !== "{" && marks[at - 1] !== "[") {
        depth--;
        line();
      }
      out.push(mark);
    } else if (mark === ",") {
      out.push(mark);
      line();
    } else out.push(mark);
  });
  return out.join("");
}

const looks: Record<Kind, string | undefined> = {
  name: "text-primary",
  text: "text-success",
  number: "text-warning",
  word: "text-warning",
  plain: undefined,
};
const coloredMax = 20_000; // thousands of parts would make opening a call slow

/** JSON in colours, up to a size at which these cost more than they tell. */
export function JsonText({ text, q }: { text: string; q: string }) {
  if (text.length > coloredMax) return <Highlight text={text} q={q} />;
  return jsonTokens(text).map(([kind, part], at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
    <span key={at} className={looks[kind]}>
      <Highlight text={part} q={q} />
    </span>
  ));
}
