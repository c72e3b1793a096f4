/** Parts of the editor that come without types of their own. */
declare module "monaco-editor/languages/definitions/*" {
  import type { languages } from "monaco-editor/editor";
  export const conf: languages.LanguageConfiguration;
  export const language: languages.IMonarchLanguage;
}

declare module "monaco-editor/languages/features/json/tokenization" {
  import type { languages } from "monaco-editor/editor";
  export function createTokenizationSupport(comments: boolean): languages.TokensProvider;
}
