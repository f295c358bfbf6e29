import type { ItemBytes } from "../backend/backend.js";
import { checkInteger } from "../base/check.js";
import { DisposedError, StoreError, TaskloomError } from "../base/errors.js";
import { sha256 } from "../base/sha256.js";
import { type NamedSource, type ReadableStore, sourceOf } from "../files/store.js";
import type { Recipe } from "../plan/recipe.js";
import { type ArrayName, type StoredArray, storedItemBytes } from "./arrays.js";
import { digestsOf, type Manifest, parseManifest } from "./manifest.js";
import { OneHotPacker, rowLayoutOf } from "./one-hot.js";
import { chunkBytes, chunkKey, itemsOfChunk, parseGroup, STORE_FILES, type StoreLayout } from "./zarr.js";

/** Options of `openStore`. */
export interface OpenStoreOptions {
  /**
   * Read whole chunks and compare each with the digest in the manifest. One chunk of each array is kept in memory.
   * Default false.
   */
  verify?: boolean;
  /** Read whole chunks, for servers without range requests. One chunk of each array is kept. Default false. */
  wholeChunks?: boolean;
  /** Ends the opening. */
  signal?: AbortSignal | undefined;
}

/** Chunks of an array that are asked for at a time. */
const PARALLEL = 4;

/**
 * Opens a store that `generate` wrote with `format: "zarr"`. One small file is read; items come when they are
 * asked for, and only their bytes.
 *
 * @param source an http(s) address, a directory handle (a picked folder, OPFS), or any store of zarrita's interface
 * @throws StoreError when something is missing, foreign, damaged or newer, RecipeError when the recipe in it is
 * @throws InvalidOptionError when the source is none of these
 *
 * @example
 * ```ts
 * const store = await openStore("https://example.com/tasks");
 * const { inputs, targets } = await store.read(1000, 64); // sequences 1000..1063
 * new Float32Array(inputs); // [64, store.length, 794]
 * ```
 */
export async function openStore(
  source: string | URL | FileSystemDirectoryHandle | ReadableStore,
  options: OpenStoreOptions = {},
): Promise<StoreReader> {
  return StoreReader.open(sourceOf(source), options);
}

/** A store, open for reading. Reads may overlap. */
export class StoreReader {
  /** What the store was made from. */
  readonly recipe: Recipe;
  /** Sequences in the store, or examples where no sequences are drawn. */
  readonly items: number;
  /** Positions of a sequence, or 1. */
  readonly length: number;
  /** Items of a chunk: reads that begin and end at its multiples touch the fewest files. */
  readonly chunkItems: number;
  /** The arrays as `read` gives them, label cells included. */
  readonly arrays: readonly StoredArray[];
  readonly #source: NamedSource;
  readonly #layout: StoreLayout;
  readonly #manifest: Manifest | undefined;
  readonly #packer: OneHotPacker | undefined;
  readonly #whole: boolean;
  /** The last chunk of each array, where whole ones are read. A failed one is forgotten. */
  readonly #held = new Map<ArrayName, { chunk: number; bytes: Promise<Uint8Array> }>();
  #closed = false;

  /** @internal */
  static async open(source: NamedSource, options: OpenStoreOptions): Promise<StoreReader> {
    const { verify = false, signal } = options;
    const layout = await readLayout(source, signal);
    let manifest: Manifest | undefined;
    if (verify) {
      const text = await readText(source, STORE_FILES.manifest, signal);
      if (text === undefined) {
        throw new StoreError(source.name, "is missing: the store is unfinished, or was not copied whole", {
          chunk: STORE_FILES.manifest,
        });
      }
      manifest = parseManifest(text, layout, source.name);
    }
    const inputs = layout.arrays[0] as StoredArray;
    const packer = layout.onehot ? undefined : await OneHotPacker.create(rowLayoutOf(layout.recipe, lengthOf(inputs)));
    return new StoreReader(source, layout, manifest, packer, options);
  }

  private constructor(
    source: NamedSource,
    layout: StoreLayout,
    manifest: Manifest | undefined,
    packer: OneHotPacker | undefined,
    { verify = false, wholeChunks = false }: OpenStoreOptions,
  ) {
    this.#source = source;
    this.#layout = layout;
    this.#manifest = manifest;
    this.#packer = packer;
    this.#whole = verify || wholeChunks || !(source.store.getRange || source.store.readInto);
    this.recipe = layout.recipe;
    this.items = layout.items;
    this.chunkItems = layout.chunkItems;
    this.length = lengthOf(layout.arrays[0] as StoredArray);
    this.arrays = layout.arrays.map((array) =>
      array.name === "inputs" && packer ? { ...array, itemShape: [this.length, packer.rowLength] } : array,
    );
  }

  /**
   * Items `[first, first + count)` of every array, one after the other, little-endian; their types and shapes are
   * `arrays`. Label cells that the store was written without are in their place.
   *
   * @throws InvalidOptionError when the range is empty or not within the store
   * @throws StoreError when a chunk is missing, truncated or damaged, or the server has no range requests
   */
  async read(first: number, count = 1, signal?: AbortSignal): Promise<ItemBytes> {
    checkInteger("first", first, 0, this.items - 1);
    checkInteger("count", count, 1, this.items - first);
    if (this.#closed) throw new DisposedError("store");
    signal?.throwIfAborted();
    const entries = await Promise.all(
      this.#layout.arrays.map(async (array) => [array.name, await this.#rows(array, first, count, signal)] as const),
    );
    const woven = Object.fromEntries(entries) as unknown as ItemBytes;
    if (!this.#packer) return woven;
    const targets = this.#layout.arrays.find(({ name }) => name === "targets") as StoredArray;
    const labels = targets.dtype === "uint8" ? new Uint8Array(woven.targets) : new Uint16Array(woven.targets);
    return { ...woven, inputs: this.#packer.pack(woven.inputs, labels) };
  }

  /** Frees what is held; later reads reject with a `DisposedError`. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#held.clear();
  }

  async #rows(array: StoredArray, first: number, count: number, signal: AbortSignal | undefined): Promise<ArrayBuffer> {
    const item = storedItemBytes(array);
    const out = new Uint8Array(count * item);
    const last = Math.floor((first + count - 1) / this.chunkItems);
    let next = Math.floor(first / this.chunkItems);
    const work = async () => {
      while (next <= last) {
        const chunk = next++;
        const { start, stop } = itemsOfChunk(this.#layout, chunk);
        const from = Math.max(first, start);
        const to = Math.min(first + count, stop);
        await this.#part(
          array,
          chunk,
          (from - start) * item,
          out.subarray((from - first) * item, (to - first) * item),
          signal,
        );
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    return out.buffer;
  }

  /** Reads the bytes of a chunk from `offset` on that `into` has room for. */
  async #part(
    array: StoredArray,
    chunk: number,
    offset: number,
    into: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { store } = this.#source;
    if (this.#whole) {
      const bytes = await orAborted(this.#wholeChunk(array, chunk), signal);
      into.set(bytes.subarray(offset, offset + into.length));
      return;
    }
    const key = chunkKey(array, chunk);
    const options = signal ? { signal } : {};
    let bytes: Uint8Array | undefined;
    let got: number | undefined;
    try {
      if (store.readInto) got = await store.readInto(`/${key}`, offset, into, signal);
      else {
        bytes = await store.getRange?.(`/${key}`, { offset, length: into.length }, options);
        got = bytes?.length;
      }
    } catch (cause) {
      throw this.#wrap(cause, key, signal);
    }
    if (got === undefined) throw this.#missing(key);
    if (got !== into.length) {
      throw new StoreError(this.#source.name, `is truncated: it ends at ${offset + got} bytes`, { chunk: key });
    }
    if (bytes) into.set(bytes);
  }

  #wholeChunk(array: StoredArray, chunk: number): Promise<Uint8Array> {
    const held = this.#held.get(array.name);
    if (held?.chunk === chunk) return held.bytes;
    const entry = { chunk, bytes: this.#fetchChunk(array, chunk) };
    this.#held.set(array.name, entry);
    entry.bytes.catch(() => {
      if (this.#held.get(array.name) === entry) this.#held.delete(array.name);
    });
    return entry.bytes;
  }

  async #fetchChunk(array: StoredArray, chunk: number): Promise<Uint8Array> {
    const key = chunkKey(array, chunk);
    const source = this.#source.name;
    let bytes: Uint8Array | undefined;
    try {
      bytes = await this.#source.store.get(`/${key}`);
    } catch (cause) {
      throw this.#wrap(cause, key, undefined);
    }
    if (!bytes) throw this.#missing(key);
    const expected = chunkBytes(this.#layout, array);
    if (bytes.length !== expected) {
      throw new StoreError(source, `has ${bytes.length} bytes, not ${expected}: it is truncated or another file`, {
        chunk: key,
      });
    }
    if (this.#manifest) {
      const digest = await sha256(bytes, `${source}: ${key}`);
      const recorded = digestsOf(this.#manifest, chunk)[array.name];
      if (digest !== recorded) {
        throw new StoreError(source, `is damaged: its SHA-256 is ${digest}, the manifest has ${recorded}`, {
          chunk: key,
        });
      }
    }
    return bytes;
  }

  #missing(key: string): StoreError {
    return new StoreError(
      this.#source.name,
      "is missing; is the store finished, and was all of it copied? taskloom verify lists what is bad",
      { chunk: key },
    );
  }

  #wrap(cause: unknown, key: string, signal: AbortSignal | undefined): unknown {
    if (cause instanceof TaskloomError || signal?.aborted) return cause;
    return new StoreError(this.#source.name, `cannot be read: ${(cause as Error).message}`, { chunk: key, cause });
  }
}

/** Reads the document of a store. */
export async function readLayout(source: NamedSource, signal: AbortSignal | undefined): Promise<StoreLayout> {
  const text = await readText(source, STORE_FILES.group, signal);
  if (text === undefined) {
    throw new StoreError(source.name, "is not there; is this the folder or address of a store?", {
      chunk: STORE_FILES.group,
    });
  }
  return parseGroup(text, source.name);
}

/** Positions of an item. */
function lengthOf({ itemShape }: StoredArray): number {
  return itemShape.length > 1 ? (itemShape[0] as number) : 1;
}

async function readText(
  { store, name }: NamedSource,
  key: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const bytes = await store.get(`/${key}`, signal ? { signal } : {});
    return bytes && new TextDecoder().decode(bytes);
  } catch (cause) {
    if (cause instanceof TaskloomError || signal?.aborted) throw cause;
    throw new StoreError(name, `cannot be read: ${(cause as Error).message}`, { chunk: key, cause });
  }
}

/** The promise, or the signal's reason as soon as that is there. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
