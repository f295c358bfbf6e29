import { fileSystem } from "../base/host.js";
import type { FileSystem } from "../files/disk.js";

/** Names of the files that the cache makes; others in its folder are not its own. */
const OWN = /^[0-9a-f]{64}\.(chunk|claim|[0-9a-f]+\.part)$/;
/** Age in milliseconds from which an unfinished file is a killed process's. */
const LEFTOVER_AGE = 3_600_000;
/** The share of the limit that may be written before the folder is looked through again. */
const SHARE = 1 / 32;

/**
 * Removes the chunks that were used longest ago until `size` more bytes and a share of the limit fit, and what killed
 * processes have left.
 *
 * @returns bytes that may be written before the next call
 */
export async function roomFor(folder: string, size: number, limit: number): Promise<number> {
  const fs = fileSystem() as FileSystem;
  const remove = (name: string) => fs.rm(`${folder}/${name}`, { force: true }).catch(() => undefined);
  const chunks: { readonly name: string; readonly size: number; readonly used: number }[] = [];
  for (const name of (await fs.readdir(folder)).filter((name) => OWN.test(name))) {
    // Another process may remove a file meanwhile. Links and folders are none of the cache's.
    const status = await fs.lstat(`${folder}/${name}`).catch(() => undefined);
    if (!status?.isFile()) continue;
    if (name.endsWith(".chunk")) chunks.push({ name, size: status.size, used: status.mtimeMs });
    else if (status.mtimeMs < Date.now() - LEFTOVER_AGE) await remove(name);
  }
  chunks.sort((a, b) => a.used - b.used);
  let total = chunks.reduce((sum, chunk) => sum + chunk.size, 0);
  const room = Math.max(size, Math.floor(limit * SHARE));
  for (const chunk of chunks) {
    if (total + room <= limit) break;
    await remove(chunk.name);
    total -= chunk.size;
  }
  return room;
}
