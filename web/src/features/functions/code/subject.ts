/** What the text before the cursor is about to name: a member of the event or of the context. */

export interface Subject {
  of: "event" | "context";
  /** How the member is reached: `event.`, `event["` or `event.get("`. */
  by: "dot" | "key" | "get";
  /** What of the member's name is written. */
  begun: string;
  /** Offset in the line of the dot, or of the first letter behind the quote. */
  at: number;
}

const name = "([A-Za-z_$][\\w$]*)";
const behindDot = new RegExp(`${name}(\\?)?\\.([\\w$]*)$`);
const behindKey = new RegExp(`${name}\\[(["'])([\\w$]*)$`);
const behindGet = new RegExp(`${name}\\.get\\((["'])([\\w$]*)$`);

/** Names of the handler's first two arguments; `event` and `context` mean the same everywhere. */
export function argumentNames(code: string): [string, string] {
  const found =
    /def\s+\w+\s*\(\s*(\w+)[^,)]*(?:,\s*(\w+))?/.exec(code) ??
    /handler\s*=?\s*(?:async\s*)?(?:function\s*\*?\s*\w*\s*)?\(\s*(\w+)\s*(?:,\s*(\w+))?/.exec(code);
  return [found?.[1] ?? "event", found?.[2] ?? "context"];
}

export function subjectOf(before: string, [event, context]: [string, string]): Subject | undefined {
  const which = (word: string | undefined): Subject["of"] | undefined => {
    if (word === "event" || word === event) return "event";
    return word === "context" || word === context ? "context" : undefined;
  };
  const found = (by: Subject["by"], match: RegExpExecArray | null): Subject | undefined => {
    const of = which(match?.[1]);
    const begun = match?.[3] ?? "";
    if (!of) return undefined;
    return { of, by, begun, at: before.length - begun.length - (by === "dot" ? 1 : 0) };
  };
  return (
    found("get", behindGet.exec(before)) ?? found("key", behindKey.exec(before)) ?? found("dot", behindDot.exec(before))
  );
}
