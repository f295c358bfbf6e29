// Finishes the type declarations: what the published ones name exists in every consumer's program.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** The types that base/platform.ts has for programs that do not declare them. */
const PLATFORM = /^export type (\w+) =/gm;

/** The type argument of typed arrays: TypeScript before 5.7 has none, and later ones do well without it. */
const BUFFER_ARGUMENT = /\b((?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array|DataView)<(?:Shared)?ArrayBuffer(?:Like)?>/g;

/**
 * Removes the declarations that no entry leads to, and lets the others import the types of the platform that they name, as
 * base/platform.ts has them.
 */
export function finishTypes(folder, entries) {
  const platform = join(folder, "base", "platform.d.ts");
  const names = [...readFileSync(platform, "utf8").matchAll(PLATFORM)].map(([, name]) => name);
  const files = reach(entries.map((entry) => join(folder, `${entry}.d.ts`)));
  for (const file of files) {
    const before = readFileSync(file, "utf8");
    const text = before.replace(BUFFER_ARGUMENT, "$1");
    const used = names.filter((name) => usesGlobal(text, name));
    if (used.length === 0) {
      if (text !== before) writeFileSync(file, text);
      continue;
    }
    const path = relative(dirname(file), platform)
      .replaceAll("\\", "/")
      .replace(/\.d\.ts$/, ".js");
    const from = path.startsWith(".") ? path : `./${path}`;
    writeFileSync(file, `import type { ${used.join(", ")} } from "${from}";\n${text}`);
  }
  files.add(platform);
  for (const entry of readdirSync(folder, { recursive: true })) {
    const file = join(folder, entry);
    if (file.endsWith(".d.ts") && !files.has(file)) rmSync(file);
  }
  removeEmptyFolders(folder);
}

/** The files that declarations import, and those that these import. */
function reach(starts) {
  const found = new Set();
  const visit = (file) => {
    if (found.has(file)) return;
    found.add(file);
    for (const [, path] of readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)\.js"/g)) {
      const next = join(dirname(file), `${path}.d.ts`);
      if (!existsSync(next)) throw new Error(`${file} imports ${path}, which has no declarations`);
      visit(next);
    }
  };
  starts.forEach(visit);
  return found;
}

/** Says whether a declaration names a global type, in its code, not in comments, and does not declare or import it itself. */
function usesGlobal(text, name) {
  const code = text
    .replace(/^export (?:type )?\{[^}]*\} from/gm, "")
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$|"(?:[^"\\]|\\.)*"/gm, "");
  if (!new RegExp(`(?<![\\w.$])${name}\\b(?!\\s*[:?(])`).test(code)) return false;
  const own = new RegExp(
    `(?:\\b(?:type|interface|class|enum|const)\\s+${name}\\b)|import\\b[^;]*[{,\\s]${name}\\s*[,}]`,
  );
  return !own.test(code);
}

function removeEmptyFolders(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyFolders(join(folder, entry.name));
  }
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}
