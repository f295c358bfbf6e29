import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Sink } from "../../files/sink.js";
import { STORE_FILES } from "../../store/zarr.js";
import { timeOfDisk } from "./disk.js";
import { JOURNAL } from "./journal.js";

/** The working files of Taskloom in a folder `unfinished`: parts of chunks and documents, and journals. */
const PART = /^part-.+-\d+-[0-9a-f]{8}-[\w-]+$/;

/** Parts that nobody has written to for this long are left over, in ms. Process numbers say nothing across containers. */
const LEFT_OVER = 60 * 60 * 1000;

export function isOwn(name: string): boolean {
  return PART.test(name) || JOURNAL.test(name);
}

/** Removes parts that are older than an hour. `temporary` is for `timeOfDisk`. */
export async function removeLeftovers(folder: string, temporary: string): Promise<void> {
  const now = await timeOfDisk(temporary);
  for (const name of await readdir(folder)) {
    if (!PART.test(name)) continue;
    const path = join(folder, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => now - mtimeMs,
      () => 0,
    );
    if (age > LEFT_OVER) await rm(path, { force: true });
  }
}

/** Removes all working files, and their folder if nothing else is in it. */
export async function removeWorkingFiles(sink: Sink): Promise<void> {
  const keys: string[] = [];
  for await (const key of sink.list(`${STORE_FILES.unfinished}/`)) if (isOwn(nameIn(key))) keys.push(key);
  await sink.remove(keys, STORE_FILES.unfinished);
}

/** The name of a file in the folder of working files; one that is deeper down is none of ours. */
export function nameIn(key: string): string {
  return key.slice(STORE_FILES.unfinished.length + 1);
}
