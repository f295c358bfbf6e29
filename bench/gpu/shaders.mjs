// Shaders as the library has them and those of this folder, put together as scripts/shaders.mjs does.
import { existsSync, readFileSync } from "node:fs";

const FOLDERS = [new URL("./", import.meta.url), new URL("../../shaders/", import.meta.url)];

/** The text of a shader with all that it uses before it, each once. */
export function assemble(name, seen = new Set()) {
  if (seen.has(name)) return "";
  seen.add(name);
  const file = FOLDERS.map((folder) => new URL(`${name}.wgsl`, folder)).find((url) => existsSync(url));
  if (!file) throw new Error(`no shader ${name} in bench/gpu/ or shaders/`);
  const text = readFileSync(file, "utf8");
  const uses = /^\/\/! uses (.*)$/m.exec(text)?.[1].trim().split(/\s+/) ?? [];
  return uses.map((use) => assemble(use, seen)).join("") + text;
}
