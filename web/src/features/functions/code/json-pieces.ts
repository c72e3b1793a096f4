/** JSON text in pieces that are coloured alike. */

export type JsonPiece = { kind: "key" | "string" | "number" | "word" | "plain"; text: string };

const parts = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

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
