/** What a page takes from its URL's query, so that every state of it has an address. */
import { useCallback, useLayoutEffect, useMemo, useRef } from "react";
import { useSearchParams } from "react-router";

interface Codec<Value> {
  read: (text: string | null) => Value;
  /** Null leaves it out of the URL: it is the default. A method, so that a codec of one type stands for one of any. */
  write(value: Value): string | null;
}

export type Search = Record<string, Codec<unknown>>;
export type SearchValues<S extends Search> = { [Name in keyof S]: S[Name] extends Codec<infer Value> ? Value : never };

export const textParam = (preset = ""): Codec<string> => ({
  read: (text) => text ?? preset,
  write: (value) => (value === preset ? null : value),
});

export const numberParam = (): Codec<number | undefined> => ({
  read: (text) => (text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined),
  write: (value) => (value === undefined ? null : String(value)),
});

/** One of a few words; anything else in the URL means the first. */
export const choiceParam = <Choice extends string>(...choices: [Choice, ...Choice[]]): Codec<Choice> => ({
  read: (text) => choices.find((choice) => choice === text) ?? choices[0],
  write: (value) => (value === choices[0] ? null : value),
});

/** Some of a few words, separated by commas. */
export const choicesParam = <Choice extends string>(...choices: Choice[]): Codec<Choice[]> => ({
  read: (text) => choices.filter((choice) => (text ?? "").split(",").includes(choice)),
  write: (value) => (value.length > 0 ? value.join(",") : null),
});

/** The values, and a function that changes some of them. A change replaces the entry in the browser's history. */
export function useSearch<S extends Search>(schema: S): [SearchValues<S>, (change: Partial<SearchValues<S>>) => void] {
  const [params, setParams] = useSearchParams();
  const values = useMemo(() => {
    const read = Object.entries(schema).map(([name, codec]) => [name, codec.read(params.get(name))]);
    return Object.fromEntries(read) as SearchValues<S>;
  }, [schema, params]);
  // The router hands what it has drawn last: a second change before that would take the first one back.
  const latest = useRef(params);
  useLayoutEffect(() => {
    latest.current = params;
  }, [params]);
  const change = useCallback(
    (some: Partial<SearchValues<S>>) => {
      const after = new URLSearchParams(latest.current);
      for (const [name, value] of Object.entries(some)) {
        const text = schema[name]?.write(value) ?? null;
        if (text === null) after.delete(name);
        else after.set(name, text);
      }
      latest.current = after;
      setParams(after, { replace: true, preventScrollReset: true });
    },
    [schema, setParams],
  );
  return [values, change];
}
