import { constants, copyFile, type FileHandle, link, open, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { OutputError } from "../../base/errors.js";

/** Helpers of all writers: errors that say what to do, free space, whole writes. */

const PROBLEMS: Record<string, string> = {
  ENOSPC: "the disk is full; free some space and run again (what was there before is untouched)",
  EDQUOT: "the disk quota is used up; free some space and run again (what was there before is untouched)",
  EFBIG: "the file would be larger than this system allows; make fewer tasks at a time",
  EACCES: "may not be written (permission denied); choose another folder",
  EPERM: "may not be written (not permitted); choose another folder",
  EROFS: "is on a read-only file system; choose another folder",
  ENOTDIR: "a part of this path is a file, not a folder; choose another folder",
  EEXIST: "is a file, not a folder; choose another folder",
  ENOENT: "cannot be made there; choose another folder",
};

/** An error of the file system as an `OutputError`; others as they are. */
export function wrap(path: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (cause instanceof OutputError || code === undefined) return cause;
  return new OutputError(path, PROBLEMS[code] ?? `cannot be written: ${(cause as Error).message}`, { cause });
}

/** @throws OutputError when the disk that holds `path`, or will, has less than `bytes` left */
export async function checkSpace(path: string, bytes: number): Promise<void> {
  const free = await freeSpace(path);
  if (bytes <= free) return;
  throw new OutputError(
    path,
    `${formatBytes(bytes)} are needed, ${formatBytes(free)} are free; ` +
      "free some space, make fewer tasks, or write float16",
  );
}

/** Bytes that may be written where `path` is, or where the nearest folder above it is that exists. */
async function freeSpace(path: string): Promise<number> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT" || folder === dirname(folder)) throw wrap(path, cause);
    }
  }
}

/** Writes all of it; one call of the system may write less. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}

/** A small file that is there whole or not at all; `temporary` must be on the same file system. */
export async function writeWhole(path: string, text: string, temporary: string): Promise<void> {
  try {
    await writeTemporary(temporary, text);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw wrap(path, cause);
  }
}

/** Writes a small file and waits until it is on the disk. */
export async function writeTemporary(path: string, text: string): Promise<void> {
  const handle = await open(path, "w");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Codes of file systems that have no hard links, such as exFAT. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/**
 * Gives a file a second name that no other file may have: a hard link, or a copy where there are none.
 *
 * @throws an error of code EEXIST where the name is taken
 */
export async function nameOnce(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (cause) {
    if (!NO_LINKS.includes((cause as NodeJS.ErrnoException).code ?? "")) throw cause;
    await copyFile(temporary, path, constants.COPYFILE_EXCL);
  }
}

/**
 * Returns the time by the clock of a disk, in ms: that of a shared one may differ from this machine's.
 *
 * @param temporary a file of no other use; it is made and removed
 */
export async function timeOfDisk(temporary: string): Promise<number> {
  try {
    await (await open(temporary, "wx")).close();
    return (await stat(temporary)).mtimeMs;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** 1536 becomes "1.5 KiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
