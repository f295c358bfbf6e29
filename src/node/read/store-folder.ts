import { open, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReadableStore } from "../../files/store.js";
import { type OpenStoreOptions, StoreReader } from "../../store/reader.js";

/**
 * Opens a store in a folder; see `openStore` for other places.
 *
 * @throws StoreError when something is missing, foreign, damaged or newer, RecipeError when the recipe in it is
 *
 * @example
 * ```ts
 * const store = await openStoreFolder("tasks");
 * const { inputs, targets } = await store.read(0, 64);
 * ```
 */
export function openStoreFolder(path: string | URL, options: OpenStoreOptions = {}): Promise<StoreReader> {
  const folder = resolve(path instanceof URL ? fileURLToPath(path) : path);
  return StoreReader.open({ store: new FolderStore(folder), name: folder }, options);
}

/** The files of a folder. */
export class FolderStore implements ReadableStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return orMissing(readFile(join(this.#root, key)));
  }

  async readInto(key: string, offset: number, into: Uint8Array): Promise<number | undefined> {
    const handle = await orMissing(open(join(this.#root, key)));
    if (!handle) return undefined;
    try {
      for (let at = 0; at < into.length; ) {
        const { bytesRead } = await handle.read(into, at, into.length - at, offset + at);
        if (bytesRead === 0) return at;
        at += bytesRead;
      }
      return into.length;
    } finally {
      await handle.close();
    }
  }
}

async function orMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}
