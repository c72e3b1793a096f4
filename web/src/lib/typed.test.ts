import { act, renderHook } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useTyped } from "./typed";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function typing() {
  return renderHook(() => {
    const [kept, keep] = useState("");
    const [text, type] = useTyped(kept, keep);
    return { kept, keep, text, type };
  }).result;
}

test("what is typed is kept when the keys rest", () => {
  const field = typing();
  act(() => field.current.type("a"));
  act(() => field.current.type("ab"));
  expect(field.current).toMatchObject({ text: "ab", kept: "" });
  act(() => void vi.runAllTimers());
  expect(field.current).toMatchObject({ text: "ab", kept: "ab" });
});

test("a change from elsewhere shows, but never over what is being typed", () => {
  const field = typing();
  act(() => field.current.keep("x"));
  expect(field.current.text).toBe("x");
  act(() => field.current.type("xy"));
  act(() => field.current.keep("other"));
  expect(field.current.text).toBe("xy");
});
