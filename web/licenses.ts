import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

/** The folder of the package that a file belongs to; undefined for our own. */
function packageOf(file: string): string | undefined {
  if (!file.includes("/node_modules/")) return undefined;
  let folder = dirname(file);
  while (!/\/node_modules\/(@[^/]+\/)?[^/]+$/.test(folder)) folder = dirname(folder);
  return folder;
}

function licence(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|thirdparty)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${name} ${version}: ${license}`, ...texts].join("\n\n");
}

/** Whose work the built files hold, and on which terms: /licenses.txt. */
export function licences(): Plugin {
  return {
    name: "licences",
    generateBundle(_, bundle) {
      const files = Object.values(bundle).flatMap((each) =>
        each.type === "chunk"
          ? Object.keys(each.modules)
          : each.originalFileNames.map((file) => fileURLToPath(new URL(file, import.meta.url))),
      );
      // Stylesheets and fonts are no modules of a chunk.
      for (const file of this.getModuleIds()) files.push(file.split("?")[0] ?? file);
      const folders = new Set(
        files.map((file) => packageOf(file.replace(/^\0/, ""))).filter((folder) => folder !== undefined),
      );
      const known = [...folders].filter((folder) => existsSync(join(folder, "package.json"))).sort();
      const source = known.map(licence).join(`\n\n${"-".repeat(80)}\n\n`);
      this.emitFile({ type: "asset", fileName: "licenses.txt", source });
    },
  };
}
