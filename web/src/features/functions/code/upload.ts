/** Files from the disk of whoever sits before the browser. */
import { type OpenFile, pathProblem } from "./files";

/** As a text where it is one (UTF-8 without NUL), else as its bytes. */
export async function readUpload(file: File): Promise<OpenFile> {
  const bytes = await file.arrayBuffer();
  const common = { path: file.name, mode: file.name === "bootstrap" ? ("0755" as const) : ("0644" as const) };
  const text = textIn(bytes);
  return text === null ? { ...common, text, base64: await base64Of(file), size: file.size } : { ...common, text };
}

function textIn(bytes: ArrayBuffer): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

function base64Of(file: File): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}

/** Why one of them cannot be put beside what is there; the file of the same name gives way. */
export function uploadProblem(files: OpenFile[], paths: string[]): string | undefined {
  for (const { path } of files) {
    const others = paths.filter((other) => other !== path);
    const problem = pathProblem(path, others);
    if (problem) return `${path}: ${problem}`;
  }
  return undefined;
}
