/** Whether a text is JSON, and where it ceases to be. */

export interface JsonProblem {
  message: string;
  /** Both from 1. */
  line: number;
  column: number;
}

export function jsonProblem(text: string): JsonProblem | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { message: shorten(message), ...placeIn(message, text) };
  }
}

/** Browsers say it as "... at position 7 ..." or "... at line 1 column 8 ...", or not at all when the text just ends. */
function placeIn(message: string, text: string): { line: number; column: number } {
  const direct = /line (\d+) column (\d+)/.exec(message);
  if (direct) return { line: Number(direct[1]), column: Number(direct[2]) };
  const at = /position (\d+)/.exec(message);
  const before = text.slice(0, at ? Number(at[1]) : text.length).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** The place is shown by the mark; what is left is what is wrong. */
function shorten(message: string): string {
  return message
    .replace(/^JSON\.parse: /, "")
    .replace(/( in JSON)? at (position|line) .*$/s, "")
    .replace(/, (\.\.\.)?".*" is not valid JSON$/s, "");
}

export type JsonPiece = { kind: "key" | "string" | "number" | "word" | "plain"; text: string };

const parts = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

/** JSON text in pieces that are coloured alike. */
export function jsonPieces(text: string): JsonPiece[] {
  const pieces: JsonPiece[] = [];
  let end = 0;
  for (const match of text.matchAll(parts)) {
    if (match.index > end) pieces.push({ kind: "plain", text: text.slice(end, match.index) });
    const [whole, string, colon] = match;
    if (string) pieces.push({ kind: colon ? "key" : "string", text: string });
    else pieces.push({ kind: /[a-z]$/.test(whole) ? "word" : "number", text: whole });
    if (colon) pieces.push({ kind: "plain", text: colon });
    end = match.index + whole.length;
  }
  return end < text.length ? [...pieces, { kind: "plain", text: text.slice(end) }] : pieces;
}
