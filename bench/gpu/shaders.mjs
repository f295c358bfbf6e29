// Assembles shaders of the library and of this folder, like scripts/shaders.mjs.
import { existsSync, readFileSync } from "node:fs";

const FOLDERS = [new URL("./", import.meta.url), new URL("../../shaders/", import.meta.url)];

/** Returns the text of a shader after the texts that it includes, each once. */
export function assemble(name, seen = new Set()) {
  if (seen.has(name)) return "";
  seen.add(name);
  const file = FOLDERS.map((folder) => new URL(`${name}.wgsl`, folder)).find((url) => existsSync(url));
  if (!file) throw new Error(`no shader ${name} in bench/gpu/ or shaders/`);
  const text = readFileSync(file, "utf8");
  const uses = /^\/\/! uses (.*)$/m.exec(text)?.[1].trim().split(/\s+/) ?? [];
  return uses.map((use) => assemble(use, seen)).join("") + text;
}
