/** Languages the editor colours. Their grammars are there at once, so that no text is seen without its colours. */
import { languages } from "monaco-editor/editor";
import * as javascript from "monaco-editor/languages/definitions/javascript/javascript";
import * as python from "monaco-editor/languages/definitions/python/python";
import { createTokenizationSupport } from "monaco-editor/languages/features/json/tokenization";

const jsonRules: languages.LanguageConfiguration = {
  brackets: [
    ["{", "}"],
    ["[", "]"],
  ],
  autoClosingPairs: [
    { open: "{", close: "}" },
    { open: "[", close: "]" },
    { open: '"', close: '"', notIn: ["string"] },
  ],
};

export function registerLanguages() {
  for (const [id, { conf, language }] of Object.entries({ python, javascript })) {
    languages.register({ id });
    languages.setLanguageConfiguration(id, conf);
    languages.setMonarchTokensProvider(id, language);
  }
  languages.register({ id: "json" });
  languages.setLanguageConfiguration("json", jsonRules);
  languages.setTokensProvider("json", createTokenizationSupport(false));
}
