/** Which of the editor's languages a file is written in, by its name. */
const byEnding: Record<string, string> = {
  py: "python",
  pyi: "python",
  js: "javascript",
  cjs: "javascript",
  mjs: "javascript",
  json: "json",
};

export function languageOf(path: string): string {
  return byEnding[path.slice(path.lastIndexOf(".") + 1).toLowerCase()] ?? "plaintext";
}
