import { createHash, type Hash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, opendir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { pacer } from "../../base/abort.js";
import { OutputError } from "../../base/errors.js";
import { problemOf } from "../../files/file-error.js";
import { type Files, pathFiles } from "../../files/folder.js";
import { type Appender, type Found, inParallel, type Look, type Sink, type Upload, WIDTH } from "../../files/sink.js";
import { STORE_FILES } from "../../store/zarr.js";
import { checkSpace, nameOnce, wrap, writeFully, writeTemporary, writeWhole } from "./disk.js";
import { removeLeftovers } from "./working-files.js";

const ZEROS = new Uint8Array(2 ** 20);

/** A folder that a store is written into. */
export class FolderSink implements Sink {
  readonly name: string;
  readonly isLocal = true;
  readonly run = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly files: Files;
  readonly chunkLimit = undefined;
  readonly chunkMost = Number.POSITIVE_INFINITY;
  /** Working files, which are never another run's. */
  readonly #unfinished: string;
  #temporaries = 0;

  constructor(path: string) {
    this.name = path;
    this.files = pathFiles(path);
    this.#unfinished = join(path, STORE_FILES.unfinished);
  }

  checkSpace(bytes: number): Promise<void> {
    return checkSpace(this.name, bytes);
  }

  async begin(): Promise<void> {
    try {
      await mkdir(this.#unfinished, { recursive: true });
      await removeLeftovers(this.#unfinished, this.#temporary("clock"));
    } catch (cause) {
      throw wrap(this.name, cause);
    }
  }

  async putChunk(key: string, bytes: number): Promise<Upload> {
    const path = this.#temporary(key.slice(0, key.indexOf("/")));
    try {
      return new ChunkFile(await open(path, "wx"), path, join(this.name, key), bytes);
    } catch (cause) {
      throw wrap(path, cause);
    }
  }

  async putIfAbsent(key: string, text: string): Promise<void> {
    const path = join(this.name, key);
    const temporary = this.#temporary("document");
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeTemporary(temporary, text);
      try {
        await nameOnce(temporary, path);
      } finally {
        await rm(temporary, { force: true });
      }
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw wrap(path, cause);
    }
  }

  async put(key: string, text: string): Promise<void> {
    const path = join(this.name, key);
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeWhole(path, text, this.#temporary("document"));
    } catch (cause) {
      throw wrap(path, cause);
    }
  }

  appendTo(key: string): Appender {
    const path = join(this.name, key);
    let handle: FileHandle | undefined;
    return {
      append: async (line) => {
        try {
          handle ??= await open(path, "a");
          // A nearly full disk may take a part of it; appendFile writes the rest, or fails.
          await handle.appendFile(line);
        } catch (cause) {
          throw wrap(path, cause);
        }
      },
      close: async () => {
        await handle?.close().catch(() => undefined);
        handle = undefined;
      },
    };
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<string> {
    const pace = pacer(signal);
    const folders = [prefix];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const entries = await opendir(join(this.name, folder)).catch((cause) => {
        if (cause.code === "ENOENT") return [];
        throw wrap(join(this.name, folder as string), cause);
      });
      for await (const entry of entries) {
        await pace();
        if (entry.isDirectory()) folders.push(`${folder}${entry.name}/`);
        else yield `${folder}${entry.name}`;
      }
    }
  }

  async names(): Promise<string[]> {
    try {
      return await readdir(this.name);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw wrap(this.name, cause);
    }
  }

  async look({ keys, found }: Look, signal: AbortSignal | undefined): Promise<void> {
    const pace = pacer(signal);
    await inParallel(keys(), WIDTH, async (key) => {
      await pace();
      const path = join(this.name, key);
      const status = await stat(path).catch((cause) => {
        if (["ENOENT", "ENOTDIR"].includes(cause.code)) return undefined;
        // A file that cannot be looked at is not missing: it must not be made again.
        throw new OutputError(path, problemOf(cause), { cause });
      });
      if (status?.isFile()) found(key, foundOf(status));
    });
  }

  async remove(keys: readonly string[], folder?: string): Promise<void> {
    const folders = new Set(folder === undefined ? [] : [folder]);
    await inParallel(keys, WIDTH, async (key) => {
      const path = join(this.name, key);
      try {
        await rm(path, { force: true });
      } catch (cause) {
        throw wrap(path, cause);
      }
      for (let at = key; at.includes("/"); ) {
        at = at.slice(0, at.lastIndexOf("/"));
        folders.add(at);
      }
    });
    // The longest paths first: a folder is empty when those below it are gone.
    for (const name of [...folders].sort((a, b) => b.length - a.length)) {
      await rmdir(join(this.name, name)).catch(() => undefined);
    }
  }

  #temporary(name: string): string {
    return join(this.#unfinished, `part-${this.run}-${this.#temporaries++}-${name}`);
  }
}

/** The version of a file: a rename keeps it, a write or a copy does not. */
function foundOf({ size, ino, mtimeMs }: { size: number; ino: number; mtimeMs: number }): Found {
  return { size, version: `${ino}:${mtimeMs}` };
}

/** The file of a chunk on its way to the disk: under a temporary name until it is whole. */
class ChunkFile implements Upload {
  readonly #handle: FileHandle;
  readonly #temporary: string;
  readonly #path: string;
  readonly #size: number;
  readonly #hash: Hash = createHash("sha256");
  #end = 0;

  constructor(handle: FileHandle, temporary: string, path: string, size: number) {
    this.#handle = handle;
    this.#temporary = temporary;
    this.#path = path;
    this.#size = size;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      // The write is under way in another thread while this one hashes.
      const written = writeFully(this.#handle, bytes, this.#end);
      this.#hash.update(bytes);
      await written;
      this.#end += bytes.length;
    } catch (cause) {
      throw wrap(this.#temporary, cause);
    }
  }

  /** Waits until the bytes are on the disk, which a journal relies on even where the machine loses power. */
  async finish(check: () => Promise<void>): Promise<{ sha256: string; version: string }> {
    const size = this.#size;
    try {
      for (let at = this.#end; at < size; at += ZEROS.length) this.#hash.update(ZEROS.subarray(0, size - at));
      if (this.#end < size) await this.#handle.truncate(size);
      await this.#handle.datasync();
      const { version } = foundOf(await this.#handle.stat());
      await this.#handle.close();
      await check();
      await mkdir(dirname(this.#path), { recursive: true });
      await rename(this.#temporary, this.#path);
      return { sha256: this.#hash.digest("hex"), version };
    } catch (cause) {
      throw wrap(this.#path, cause);
    }
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true }).catch(() => undefined);
  }
}
