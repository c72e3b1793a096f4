/** Places in the function's own code that a traceback names. */

export interface Place {
  file: string;
  line: number;
  column?: number;
}

export type Piece = string | { text: string; place: Place };

// Python: File "/code/main.py", line 3. Node.js: /code/main.js:3:5, also as file:///code/main.mjs:3:5.
const named = /File "\/code\/([^"\n]+)", line (\d+)|(?:file:\/\/)?\/code\/([^\s:()"']+):(\d+)(?::(\d+))?/g;

/** The text in pieces, with those that name a place marked. Joined they are the text again. */
export function piecesOf(text: string, files: ReadonlySet<string>): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(named)) {
    const place = placeOf(match);
    if (!files.has(place.file)) continue;
    if (match.index > end) pieces.push(text.slice(end, match.index));
    pieces.push({ text: match[0], place });
    end = match.index + match[0].length;
  }
  return end < text.length ? [...pieces, text.slice(end)] : pieces;
}

function placeOf([, pythonFile, pythonLine, nodeFile, nodeLine, column]: RegExpExecArray): Place {
  const file = pythonFile ?? nodeFile ?? "";
  const line = Number(pythonLine ?? nodeLine);
  return column ? { file, line, column: Number(column) } : { file, line };
}
