/** The editor as this page uses it. It is large: whoever wants it takes it from load.ts. */
import "./contributions";
import "./editor.css";
import { editor } from "monaco-editor/editor";
import { registerLanguages } from "./languages";
import { applyTheme } from "./theme";

export * from "monaco-editor/editor";

self.MonacoEnvironment = {
  getWorker: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "editor" }),
};

registerLanguages();
applyTheme();
new MutationObserver(applyTheme).observe(document.documentElement, { attributeFilter: ["data-theme"] });

// Places of characters are measured once; those of the font that was there before it came are wrong.
void document.fonts.load('13px "JetBrains Mono Variable"').then(() => editor.remeasureFonts());
