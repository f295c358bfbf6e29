import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";

export const DATA = fileURLToPath(new URL("../vectors/data", import.meta.url));

/** The path of a file of test/vectors/data. */
export const dataFile = (name: string) => join(DATA, name);

/** The files of an archive of test/vectors/data. */
export function unpacked(name: string): Record<string, Uint8Array> {
  return unzipSync(readFileSync(dataFile(name)));
}

/** Writes files below a folder, and returns the folder. */
export function write(folder: string, files: Record<string, Uint8Array | string>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
