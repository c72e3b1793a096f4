/** Whether a text is JSON, and where it ceases to be: browsers say that each in their own way, or not at all. */

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
  } catch {
    const { message, at } = new Reader(text).fault();
    const before = text.slice(0, at).split("\n");
    return { message, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }
}

class Fault extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const string = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;
const space = /[ \t\r\n]*/y;

/** Reads only to find the first place that is wrong. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fault(): Fault {
    try {
      this.#value();
      this.#expect("", "Nothing may follow the value");
    } catch (error) {
      if (error instanceof Fault) return error;
    }
    return new Fault("This is no JSON", this.#at);
  }

  #value() {
    if (this.#take("{")) this.#members();
    else if (this.#take("[")) this.#items();
    else if (!this.#match(string) && !this.#match(scalar)) this.#fail("A value is expected here");
  }

  #members() {
    if (this.#take("}")) return;
    do {
      if (!this.#match(string)) this.#fail("A name in double quotes is expected here");
      this.#expect(":", "A colon is expected here");
      this.#value();
    } while (this.#take(","));
    this.#expect("}", "A comma or } is expected here");
  }

  #items() {
    if (this.#take("]")) return;
    do this.#value();
    while (this.#take(","));
    this.#expect("]", "A comma or ] is expected here");
  }

  /** "" is the end. */
  #expect(mark: string, message: string) {
    this.#match(space);
    if (mark === "" ? this.#at < this.#text.length : !this.#take(mark)) this.#fail(message);
  }

  #take(mark: string): boolean {
    this.#match(space);
    if (!this.#text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    return true;
  }

  #match(pattern: RegExp): boolean {
    if (pattern !== space) this.#match(space);
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at += found[0].length;
    return found !== null;
  }

  #fail(message: string): never {
    throw new Fault(this.#at < this.#text.length ? message : `${message}, but the text ends`, this.#at);
  }
}
