import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { OutputError } from "../../base/errors.js";
import { checkSpace, nameOnce, timeOfDisk, wrap, writeFully } from "./disk.js";
import { identity, type Taken, takeExactly } from "./exact-file.js";
import { alone } from "./name-lock.js";

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
  /** The identities of the files that force may replace, as they were when the folder was opened. */
  readonly #replaced: ReadonlyMap<string, string | undefined> | undefined;

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
        { permanent: true },
      );
    }
    try {
      await checkSpace(path, bytes);
      const made = await mkdir(path, { recursive: true });
      const folder = new OutputFolder(path, names, made, force ? await identities(path, names) : undefined);
      try {
        const now = await timeOfDisk(folder.#temporary("clock"));
        await removeParts(path, names, (time) => now - time > LEFT_OVER);
      } catch (cause) {
        await folder.discard();
        throw cause;
      }
      return folder;
    } catch (cause) {
      throw wrap(path, cause);
    }
  }

  private constructor(
    path: string,
    names: readonly string[],
    made: string | undefined,
    replaced: ReadonlyMap<string, string | undefined> | undefined,
  ) {
    this.path = path;
    this.#names = names;
    this.#made = made;
    this.#replaced = replaced;
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

  /**
   * Gives the files their names, none of which another file may have taken since the folder was opened. Then removes the
   * temporary files of runs that wrote the same names and did not end: theirs could not take them any more.
   *
   * @throws OutputError where another run has written here meanwhile; its files stay, these go
   */
  async commit(): Promise<void> {
    try {
      for (const { handle, flush } of this.#files.values()) {
        await flush;
        await handle.sync();
        await handle.close();
      }
      await alone(this.path, this.#names.at(-1) as string, async () => {
        const replaced = await this.#makeRoom();
        try {
          await this.#takeNames();
        } catch (cause) {
          for (const taken of replaced) await taken.restore();
          throw cause;
        }
        for (const taken of replaced) await taken.remove();
      });
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "EEXIST" || code === "ENOENT") throw this.#interference(cause);
      throw wrap(this.path, cause);
    }
    this.#files.clear();
    // The files are whole. Temporary ones that stay go with the next run.
    await removeParts(this.path, this.#names, () => true).catch(() => undefined);
  }

  /** Gives all files their names, or none. */
  async #takeNames(): Promise<void> {
    const taken: [path: string, identity: string | undefined][] = [];
    try {
      for (const name of this.#names) {
        const path = join(this.path, name);
        await nameOnce(this.#temporary(name), path);
        taken.push([path, await identity(path)]);
      }
    } catch (cause) {
      for (const [path, then] of taken) if (then) await (await takeExactly(path, then))?.remove();
      throw cause;
    }
  }

  /**
   * Takes their names from the files that force replaces, the last one's first: while two generations could be mixed, nothing
   * is whole. Where another run has one of the names since, all files keep theirs.
   */
  async #makeRoom(): Promise<Taken[]> {
    const made: Taken[] = [];
    if (!this.#replaced) return made;
    for (const name of this.#names) {
      const found = await stat(join(this.path, name)).catch(() => undefined);
      if (found?.isDirectory()) {
        throw new OutputError(join(this.path, name), "is a folder; remove it, or give another folder", {
          permanent: true,
        });
      }
    }
    try {
      for (const [name, then] of [...this.#replaced].reverse()) {
        const path = join(this.path, name);
        if (then === undefined && (await identity(path)) === undefined) continue;
        const taken = then === undefined ? undefined : await takeExactly(path, then);
        if (!taken) throw this.#interference();
        made.unshift(taken);
      }
    } catch (cause) {
      for (const taken of made) await taken.restore();
      throw cause;
    }
    return made;
  }

  #temporary(name: string): string {
    return join(this.path, name + this.#suffix);
  }

  #interference(cause?: unknown): OutputError {
    const problem = "another run has written here meanwhile; its files are kept, give another folder";
    return new OutputError(this.path, problem, { cause, permanent: true });
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

/** Temporary files that nobody has written to for this long are left over, in ms. */
const LEFT_OVER = 60 * 60 * 1000;

/** Removes temporary files of these names, left by runs that were killed; `isDue` is asked with the time of a file's last change in ms. */
async function removeParts(path: string, names: readonly string[], isDue: (time: number) => boolean): Promise<void> {
  for (const entry of await readdir(path)) {
    const [, name] = /^(.+)\.\d+-[0-9a-f]{8}\.partial$/.exec(entry) ?? [];
    if (name === undefined || !names.includes(name)) continue;
    const found = await stat(join(path, entry)).catch(() => undefined);
    if (found && isDue(found.mtimeMs)) await rm(join(path, entry), { force: true });
  }
}

async function identities(path: string, names: readonly string[]): Promise<Map<string, string | undefined>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await identity(join(path, name))] as const)));
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
