// Puts shaders/ into src/generated/shaders.ts: each kernel's whole text, readable and minified.
//
// A kernel's first lines may say `//! uses chacha8 deviate`: the named files are put before it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../shaders", import.meta.url));
const output = fileURLToPath(new URL("../src/generated/shaders.ts", import.meta.url));

/** The shaders that a shader says it uses. */
function usesOf(text) {
  return /^\/\/! uses (.*)$/m.exec(text)?.[1].trim().split(/\s+/) ?? [];
}

function read(name) {
  return readFileSync(join(folder, `${name}.wgsl`), "utf8");
}

/** The text of a shader with all that it uses before it, each once. */
export function assemble(name, seen = new Set()) {
  if (seen.has(name)) return "";
  seen.add(name);
  const text = read(name);
  return (
    usesOf(text)
      .map((use) => assemble(use, seen))
      .join("") + text
  );
}

/** Kernels: the shaders with an entry point, of their own or of what they use, that no other uses. */
export function kernels() {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".wgsl"))
    .map((file) => basename(file, ".wgsl"));
  const used = new Set(names.flatMap((name) => usesOf(read(name))));
  return names.filter((name) => !used.has(name) && assemble(name).includes("@compute"));
}

/** Writes the generated module. `minify` maps a shader's text to a smaller one of the same meaning. */
export async function writeShaders(minify) {
  const texts = Object.fromEntries(kernels().map((name) => [name, assemble(name)]));
  const small = {};
  for (const [name, text] of Object.entries(texts)) small[name] = await minify(text, name);
  mkdirSync(join(output, ".."), { recursive: true });
  writeFileSync(
    output,
    "/** The kernels of shaders/, made by scripts/shaders.mjs. */\n" +
      `export const READABLE = ${JSON.stringify(texts, null, 2)} as const;\n` +
      `export const MINIFIED = ${JSON.stringify(small, null, 2)} as const;\n`,
  );
}
