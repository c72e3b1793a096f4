import type * as monaco from "./monaco";

/** Of all editors of this page. */
export const editorOptions: monaco.editor.IStandaloneEditorConstructionOptions = {
  acceptSuggestionOnEnter: "smart",
  automaticLayout: true,
  bracketPairColorization: { enabled: false },
  contextmenu: false,
  editContext: false, // keys that go to a text area are nobody's shortcuts
  fixedOverflowWidgets: true,
  fontFamily: '"JetBrains Mono Variable", ui-monospace, monospace',
  fontLigatures: false,
  fontSize: 13,
  lineHeight: 20,
  glyphMargin: false,
  hideCursorInOverviewRuler: true,
  lineNumbersMinChars: 3,
  links: false,
  minimap: { enabled: false },
  overviewRulerLanes: 2,
  padding: { top: 8, bottom: 8 },
  quickSuggestions: { other: true, comments: false, strings: false },
  renderLineHighlight: "line",
  scrollBeyondLastLine: false,
  scrollbar: { alwaysConsumeMouseWheel: false, verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
  suggest: { showWords: true, preview: false },
  tabSize: 4,
  wordBasedSuggestions: "currentDocument",
};

/** Keys with Ctrl or Command that mean something to the page, also while somebody writes code. */
const ours = ["k", "Enter"];

/** Keeps them from the editor, which has other uses for them, and hands them to the page. */
export function passOn(element: HTMLElement): () => void {
  const hand = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || !ours.includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    window.dispatchEvent(new KeyboardEvent("keydown", event));
  };
  element.addEventListener("keydown", hand, true);
  return () => element.removeEventListener("keydown", hand, true);
}
