import { createRoot } from "react-dom/client";
import { expect, test, vi } from "vitest";
import { useShortcut } from "./shortcuts";
import { useStable } from "./use-stable";

function Page({ word, say }: { word: string; say: (word: string) => void }) {
  const tell = useStable(() => say(word));
  useShortcut("x", "Says the word", tell);
  return <p>{word}</p>;
}

const press = (key: string) => window.dispatchEvent(new KeyboardEvent("keydown", { key }));

test("a key does what is in sight as soon as that is, not a moment later", async () => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", false); // as in a browser: nobody hurries what React leaves for later
  const place = document.body.appendChild(document.createElement("div"));
  const root = createRoot(place);
  const said: string[] = [];
  // Whoever sees it presses the key at once.
  new MutationObserver(() => press("x")).observe(place, { subtree: true, childList: true, characterData: true });
  for (const word of ["first", "second"]) {
    root.render(<Page word={word} say={(it) => said.push(it)} />);
    await vi.waitFor(() => expect(place.textContent).toBe(word), { timeout: 20_000 });
  }
  expect(said).toEqual(["first", "second"]);
  root.unmount();
});
