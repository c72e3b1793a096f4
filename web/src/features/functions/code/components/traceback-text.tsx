import { type Place, piecesOf } from "../traceback";
import { Output } from "./json-text";

interface TracebackTextProps {
  text: string;
  files: ReadonlySet<string>;
  onPlace: (place: Place) => void;
}

/** A traceback whose places in the function's own code lead to the editor. */
export function TracebackText({ text, files, onPlace }: TracebackTextProps) {
  return (
    <Output>
      {piecesOf(text.trimEnd(), files).map((piece, at) =>
        typeof piece === "string" ? (
          piece
        ) : (
          <button
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other name
            key={at}
            type="button"
            onClick={() => onPlace(piece.place)}
            className="text-left text-primary underline underline-offset-2 hover:no-underline"
          >
            {piece.text}
          </button>
        ),
      )}
    </Output>
  );
}
