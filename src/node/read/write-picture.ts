import { randomBytes } from "node:crypto";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { OutputError } from "../../base/errors.js";

/**
 * Writes a picture beside its place first: a link of this name is replaced, and the picture is there whole or not at all. A
 * pipe or a device, such as /dev/stdout, is written to.
 *
 * @throws OutputError when it cannot be written
 */
export async function writePicture(out: string, png: Uint8Array): Promise<void> {
  await write(out, png).catch((cause) => {
    throw new OutputError(out, `cannot be written: ${(cause as Error).message}`, { cause });
  });
}

async function write(out: string, png: Uint8Array): Promise<void> {
  const there = await stat(out).catch(() => undefined);
  if (there && !there.isFile() && !there.isDirectory()) return writeFile(out, png);
  const temporary = `${out}.${process.pid}-${randomBytes(4).toString("hex")}.partial`;
  try {
    await writeFile(temporary, png, { flag: "wx" });
    await rename(temporary, out);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw cause;
  }
}
