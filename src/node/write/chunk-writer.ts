import { createHash, type Hash } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ArrayName, StoredArray } from "../../store/arrays.js";
import type { ChunkDigests } from "../../store/manifest.js";
import { chunkBytes, chunkKey, type StoreLayout } from "../../store/zarr.js";
import { wrap, writeFully } from "./disk.js";

interface Part {
  readonly array: StoredArray;
  readonly path: string;
  readonly handle: FileHandle;
  readonly hash: Hash;
  end: number;
}

const ZEROS = new Uint8Array(2 ** 20);

/** One chunk of every array on its way to disk: under temporary names until it is whole. */
export class ChunkWriter {
  readonly #out: string;
  readonly #layout: StoreLayout;
  readonly #chunk: number;
  readonly #parts: ReadonlyMap<ArrayName, Part>;

  /** @param temporary the path of the temporary file of an array */
  static async open(
    out: string,
    layout: StoreLayout,
    chunk: number,
    temporary: (name: ArrayName) => string,
  ): Promise<ChunkWriter> {
    const parts = new Map<ArrayName, Part>();
    const writer = new ChunkWriter(out, layout, chunk, parts);
    for (const array of layout.arrays) {
      const path = temporary(array.name);
      try {
        const handle = await open(path, "wx");
        parts.set(array.name, { array, path, handle, hash: createHash("sha256"), end: 0 });
      } catch (cause) {
        await writer.discard();
        throw wrap(path, cause);
      }
    }
    return writer;
  }

  private constructor(out: string, layout: StoreLayout, chunk: number, parts: ReadonlyMap<ArrayName, Part>) {
    this.#out = out;
    this.#layout = layout;
    this.#chunk = chunk;
    this.#parts = parts;
  }

  /** Appends to the chunk of an array. */
  async write(name: ArrayName, bytes: Uint8Array): Promise<void> {
    const part = this.#parts.get(name) as Part;
    try {
      // The write is under way in another thread while this one hashes.
      const written = writeFully(part.handle, bytes, part.end);
      part.hash.update(bytes);
      await written;
      part.end += bytes.length;
    } catch (cause) {
      throw wrap(part.path, cause);
    }
  }

  /**
   * Fills the last chunk up with zeros, waits until the bytes are on the disk, which a record in a journal relies on
   * even where the machine loses power, and gives the files their names.
   *
   * @param check called before the files get their names; it rejects where they must not
   */
  async finish(check: () => Promise<void>): Promise<ChunkDigests> {
    const digests: ChunkDigests = {};
    for (const part of this.#parts.values()) {
      const path = join(this.#out, chunkKey(part.array, this.#chunk));
      const size = chunkBytes(this.#layout, part.array);
      try {
        for (let at = part.end; at < size; at += ZEROS.length) part.hash.update(ZEROS.subarray(0, size - at));
        if (part.end < size) await part.handle.truncate(size);
        await part.handle.datasync();
        await part.handle.close();
        await check();
        await mkdir(dirname(path), { recursive: true });
        await rename(part.path, path);
      } catch (cause) {
        throw wrap(path, cause);
      }
      digests[part.array.name] = part.hash.digest("hex");
    }
    return digests;
  }

  /** Takes the temporary files away. */
  async discard(): Promise<void> {
    for (const { handle, path } of this.#parts.values()) {
      await handle.close().catch(() => undefined);
      await rm(path, { force: true }).catch(() => undefined);
    }
  }
}
