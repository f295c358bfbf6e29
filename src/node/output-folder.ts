import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, rmdir, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { OutputError } from "../errors.js";

/**
 * Files that come into being together: each is written under a temporary name in the folder, and all take their own
 * names in `commit`, the last one given last. Until then what was there stays as it was; after `discard` nothing is
 * left, not even folders that were made for it.
 */
export class OutputFolder {
  readonly path: string;
  readonly #names: readonly string[];
  readonly #suffix = `.${process.pid}-${randomBytes(4).toString("hex")}.partial`;
  readonly #handles = new Map<string, FileHandle>();
  /** The outermost folder that had to be made, if any. */
  readonly #made: string | undefined;

  /**
   * @param names the files to come; the last one is what says that the others are whole
   * @param bytes what they will need, checked against the free space
   * @throws OutputError when one exists and `force` is not set, or the folder cannot be made or has too little space
   */
  static async open(path: string, names: readonly string[], { force = false, bytes = 0 } = {}): Promise<OutputFolder> {
    const existing = names.filter((name) => existsSync(join(path, name)));
    if (existing.length > 0 && !force) {
      throw new OutputError(
        path,
        `has ${existing.join(", ")} already; give another folder, or overwrite with force (--force)`,
      );
    }
    try {
      const made = await mkdir(path, { recursive: true });
      const folder = new OutputFolder(path, names, made);
      await folder.#checkSpace(bytes);
      return folder;
    } catch (cause) {
      throw wrap(path, cause);
    }
  }

  private constructor(path: string, names: readonly string[], made: string | undefined) {
    this.path = path;
    this.#names = names;
    this.#made = made;
  }

  async #checkSpace(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.path);
    if (bytes <= bavail * bsize) return;
    await this.discard();
    throw new OutputError(
      this.path,
      `${formatBytes(bytes)} are needed, ${formatBytes(bavail * bsize)} are free; ` +
        "free some space, make fewer tasks, or write float16",
    );
  }

  /** Appends bytes to a file, in the order of the calls. */
  async write(name: string, ...chunks: readonly Uint8Array[]): Promise<void> {
    const path = join(this.path, name);
    try {
      let handle = this.#handles.get(name);
      if (!handle) {
        handle = await open(path + this.#suffix, "wx");
        this.#handles.set(name, handle);
      }
      for (const chunk of chunks) {
        for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
      }
    } catch (cause) {
      throw wrap(path, cause);
    }
  }

  /** Gives the files their names. */
  async commit(): Promise<void> {
    try {
      for (const handle of this.#handles.values()) {
        await handle.sync();
        await handle.close();
      }
      // While files of two generations could be mixed, nothing says that they are whole.
      await rm(join(this.path, this.#names.at(-1) as string), { force: true });
      for (const name of this.#names) await rename(join(this.path, name + this.#suffix), join(this.path, name));
      this.#handles.clear();
    } catch (cause) {
      throw wrap(this.path, cause);
    }
  }

  /** Removes what was written. Does nothing after `commit`. */
  async discard(): Promise<void> {
    for (const [name, handle] of this.#handles) {
      await handle.close().catch(() => undefined);
      await rm(join(this.path, name + this.#suffix), { force: true });
    }
    this.#handles.clear();
    if (this.#made === undefined) return;
    // Only folders that are empty go, innermost first.
    for (let folder = resolve(this.path); folder.length >= this.#made.length; folder = dirname(folder)) {
      const removed = await rmdir(folder).then(
        () => true,
        () => false,
      );
      if (!removed) return;
    }
  }

  /** Bytes of a finished file. */
  async sizeOf(name: string): Promise<number> {
    return (await stat(join(this.path, name))).size;
  }
}

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

function wrap(path: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (cause instanceof OutputError || code === undefined) return cause;
  return new OutputError(path, PROBLEMS[code] ?? `cannot be written: ${(cause as Error).message}`, { cause });
}

/** 1536 becomes "1.5 KiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
