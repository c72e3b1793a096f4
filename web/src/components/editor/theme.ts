/** The editor in the colours of the page. It wants hexadecimal numbers, and all of them beforehand. */
import { editor } from "monaco-editor/editor";
import { isDark } from "@/lib/theme";

const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", {
  willReadFrequently: true,
});

/** "#rrggbb" of a theme's token; what the browser paints, so any notation will do. */
function hex(token: string, alpha = ""): string {
  if (!context) return "#888888";
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${token}`);
  context.fillRect(0, 0, 1, 1);
  const pixel = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  return `#${pixel.map((value) => value.toString(16).padStart(2, "0")).join("")}${alpha}`;
}

/** Kinds of tokens and the roles whose colours they take: all have a contrast of 4.5 on the card. */
const rules: [string, string][] = [
  ["", "foreground"],
  ["identifier", "foreground"],
  ["delimiter", "muted-foreground"],
  ["comment", "muted-foreground"],
  ["keyword", "code-keyword"],
  ["string", "code-string"],
  ["string.escape", "code-number"],
  ["regexp", "code-string"],
  ["number", "code-number"],
  ["tag", "code-name"],
  ["type.identifier", "code-name"],
  ["string.key.json", "code-name"],
  ["string.value.json", "code-string"],
  ["keyword.json", "code-keyword"],
  ["delimiter.bracket.json", "muted-foreground"],
  ["delimiter.array.json", "muted-foreground"],
];

const colors = (): Record<string, string> => ({
  "editor.background": hex("card"),
  "editor.foreground": hex("foreground"),
  "editorGutter.background": hex("card"),
  "editorLineNumber.foreground": hex("muted-foreground"),
  "editorLineNumber.dimmedForeground": hex("muted-foreground"),
  "editorLineNumber.activeForeground": hex("foreground"),
  "editor.lineHighlightBackground": hex("muted", "90"),
  "editor.lineHighlightBorder": "#00000000",
  "editor.selectionBackground": hex("ring", "48"),
  "editor.inactiveSelectionBackground": hex("ring", "28"),
  "editor.wordHighlightBackground": hex("ring", "24"),
  "editor.findMatchBackground": hex("chart-4", "70"),
  "editor.findMatchHighlightBackground": hex("chart-4", "38"),
  "editorCursor.foreground": hex("primary"),
  "editorIndentGuide.background1": hex("border"),
  "editorIndentGuide.activeBackground1": hex("input"),
  "editorBracketMatch.background": hex("ring", "28"),
  "editorBracketMatch.border": hex("ring", "70"),
  // Brackets are not coloured by their depth.
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6].map((n) => [`editorBracketHighlight.foreground${n}`, hex("muted-foreground")]),
  ),
  "editorError.foreground": hex("danger"),
  "editorOverviewRuler.border": "#00000000",
  "editorWidget.background": hex("card"),
  "editorWidget.foreground": hex("foreground"),
  "editorWidget.border": hex("border"),
  "editorHoverWidget.background": hex("card"),
  "editorHoverWidget.border": hex("border"),
  "editorSuggestWidget.background": hex("card"),
  "editorSuggestWidget.border": hex("border"),
  "editorSuggestWidget.selectedBackground": hex("accent"),
  "editorSuggestWidget.selectedForeground": hex("accent-foreground"),
  "editorSuggestWidget.highlightForeground": hex("primary"),
  "editorSuggestWidget.focusHighlightForeground": hex("primary"),
  "quickInput.background": hex("card"),
  "quickInput.foreground": hex("foreground"),
  "input.background": hex("card"),
  "input.foreground": hex("foreground"),
  "input.border": hex("input"),
  focusBorder: hex("ring"),
  "textLink.foreground": hex("primary"),
  "textCodeBlock.background": hex("muted"),
  "scrollbarSlider.background": hex("input", "80"),
  "scrollbarSlider.hoverBackground": hex("input", "c0"),
  "scrollbarSlider.activeBackground": hex("input"),
  "widget.shadow": "#00000030",
  "diffEditor.insertedTextBackground": hex("chart-3", "2c"),
  "diffEditor.insertedLineBackground": hex("success-soft", "b0"),
  "diffEditor.removedTextBackground": hex("chart-2", "2c"),
  "diffEditor.removedLineBackground": hex("danger-soft", "b0"),
  "diffEditor.diagonalFill": hex("border"),
});

/** Makes the page's theme of this moment that of all editors. */
export function applyTheme() {
  editor.defineTheme("virga", {
    base: isDark() ? "vs-dark" : "vs",
    inherit: true,
    rules: rules.map(([token, role]) => ({ token, foreground: hex(role).slice(1) })),
    colors: colors(),
  });
  editor.setTheme("virga");
}
