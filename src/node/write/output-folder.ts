import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { OutputError } from "../../base/errors.js";
import { checkSpace, wrap, writeFully } from "./disk.js";

/**
 * Bytes of a file after which the disk is told to begin, while more are made: else all of them wait for the last sync,
 * when nothing else is left to do.
 */
const FLUSH_BYTES = 32 * 2 ** 20;

interface OpenFile {
  readonly handle: FileHandle;
  end: number;
  /** Bytes written since the last flush began. */
  fresh: number;
  /** The flush under way, or the last one. The system reports a failed flush once only, so this must not be lost. */
  flush: Promise<void>;
  flushing: boolean;
}

/**
 * Files that come into being together: each is written under a temporary name in the folder, and all take their own
 * names in `commit`, the last one given last. Until then what was there stays as it was; after `discard` nothing is
 * left, not even folders that were made for it.
 */
export class OutputFolder {
  readonly path: string;
  readonly #names: readonly string[];
  readonly #suffix = `.${process.pid}-${randomBytes(4).toString("hex")}.partial`;
  readonly #files = new Map<string, OpenFile>();
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
      await checkSpace(path, bytes);
      return new OutputFolder(path, names, await mkdir(path, { recursive: true }));
    } catch (cause) {
      throw wrap(path, cause);
    }
  }

  private constructor(path: string, names: readonly string[], made: string | undefined) {
    this.path = path;
    this.#names = names;
    this.#made = made;
  }

  /** Appends bytes to a file, in the order of the calls. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.writeAt(name, bytes, this.#files.get(name)?.end ?? 0);
  }

  /** Writes bytes at a place of a file; calls may overlap where the places do not. */
  async writeAt(name: string, bytes: Uint8Array, position: number): Promise<void> {
    const path = join(this.path, name);
    try {
      let file = this.#files.get(name);
      if (!file) {
        const handle = await open(path + this.#suffix, "wx");
        file = { handle, end: 0, fresh: 0, flush: Promise.resolve(), flushing: false };
        this.#files.set(name, file);
      }
      file.end = Math.max(file.end, position + bytes.length);
      await writeFully(file.handle, bytes, position);
      file.fresh += bytes.length;
      if (file.fresh >= FLUSH_BYTES && !file.flushing) {
        await file.flush; // done, but it may have failed
        beginFlush(file);
      }
    } catch (cause) {
      throw wrap(path, cause);
    }
  }

  /** Gives the files their names. */
  async commit(): Promise<void> {
    try {
      for (const { handle, flush } of this.#files.values()) {
        await flush;
        await handle.sync();
        await handle.close();
      }
      // While files of two generations could be mixed, nothing says that they are whole.
      await rm(join(this.path, this.#names.at(-1) as string), { force: true });
      for (const name of this.#names) await rename(join(this.path, name + this.#suffix), join(this.path, name));
      this.#files.clear();
    } catch (cause) {
      throw wrap(this.path, cause);
    }
  }

  /** Removes what was written. Does nothing after `commit`. */
  async discard(): Promise<void> {
    for (const [name, { handle, flush }] of this.#files) {
      await flush.catch(() => undefined);
      await handle.close().catch(() => undefined);
      await rm(join(this.path, name + this.#suffix), { force: true });
    }
    this.#files.clear();
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

/** Lets the disk begin with what a file has so far. */
function beginFlush(file: OpenFile): void {
  file.fresh = 0;
  file.flushing = true;
  file.flush = file.handle.datasync().finally(() => {
    file.flushing = false;
  });
  file.flush.catch(() => undefined); // reported by the next flush, or by `commit`
}
