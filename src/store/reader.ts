import * as v from "valibot";
import type { ItemBytes } from "../backend/backend.js";
import { checkInteger, checkOptions, checkSignal } from "../base/check.js";
import { DisposedError, StoreError } from "../base/errors.js";
import { narrowed } from "../base/integers.js";
import { sha256 } from "../base/sha256.js";
import type { TargetDtype } from "../base/tensor.js";
import type { Files } from "../files/folder.js";
import { filesOf } from "../files/places.js";
import { checkPauses } from "../files/retry.js";
import type { S3Options } from "../files/s3/place.js";
import type { ReadableStore } from "../files/store.js";
import type { Recipe } from "../plan/recipe.js";
import { parse } from "../plan/schemas.js";
import { labelValuesOf } from "../plan/set-layout.js";
import { type StoredArray, type StoreFormat, storedItemBytes } from "./arrays.js";
import type { CacheOptions } from "./cache-options.js";
import { cacheSchema, checkCache } from "./cache-schema.js";
import { DiskCache } from "./disk-cache.js";
import { readManifest } from "./manifest.js";
import { OneHotPacker, rowLayoutOf } from "./one-hot.js";
import { openSet } from "./open-set.js";
import { chunkReader, readRange } from "./rows.js";
import type { StoredSet } from "./stored-set.js";
import { WholeChunks } from "./whole-chunks.js";
import { STORE_FILES } from "./zarr.js";

/** Options of `openStore`. */
export interface OpenStoreOptions extends S3Options {
  /**
   * Read whole chunks and compare each with the digest in the manifest, and the store's document when it is opened. One
   * chunk of each array is kept in memory. For Zarr stores; the other formats keep no digests. Default false.
   */
  verify?: boolean;
  /** Read whole chunks, for servers without range requests. One chunk of each array is kept. Default false. */
  wholeChunks?: boolean;
  /**
   * Read whole chunks and keep them, in memory and, in Node and Deno, in a folder. For Zarr stores; the other formats have
   * no chunks. With a folder, chunks are compared with their digests where the store has a manifest. Default: none.
   */
  cache?: CacheOptions | undefined;
  /**
   * Pauses in milliseconds before a request to a server is made again after a network error, 408, 429 or 5xx: one for
   * each further attempt. Default `[200, 800, 3200]`; `[]` for none.
   */
  retryPauses?: readonly number[] | undefined;
  /** Ends the opening: it rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/** @throws InvalidOptionError for anything but options of `openStore` */
export function checkStoreOptions(options: unknown): asserts options is OpenStoreOptions {
  checkOptions<OpenStoreOptions>(options, {
    verify: true,
    wholeChunks: true,
    cache: true,
    retryPauses: true,
    endpoint: true,
    region: true,
    credentials: true,
    signal: true,
  });
}

/**
 * Opens what `generate` wrote: a Zarr store, a safetensors file or .npy files. The documents are read; items come when
 * they are asked for, and only their bytes.
 *
 * @param source an http(s) address, `s3://bucket/prefix`, a directory handle (a picked folder, OPFS), or any store of zarrita's interface
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
  checkStoreOptions(options);
  checkPauses(options.retryPauses);
  return StoreReader.open(filesOf(source, options), options);
}

/** A store, open for reading. Reads may overlap. */
export class StoreReader {
  /** The format of its files. */
  readonly format: StoreFormat;
  /** The recipe that the store was made from. */
  readonly recipe: Recipe;
  /** Sequences in the store, or examples where no sequences are drawn. */
  readonly items: number;
  /** Positions of a sequence, or 1. */
  readonly length: number;
  /**
   * Items of a chunk: reads that begin and end at its multiples touch the fewest files. All items in the formats of
   * single files.
   */
  readonly chunkItems: number;
  /** The arrays as `read` gives them, label cells included. Targets and labels have the types that they were written in. */
  readonly arrays: readonly StoredArray[];
  readonly #set: StoredSet;
  readonly #packer: OneHotPacker | undefined;
  /** Undefined where ranges are read. */
  readonly #whole: WholeChunks | undefined;
  #closed = false;

  /** @internal */
  static async open(files: Files, options: OpenStoreOptions): Promise<StoreReader> {
    const { verify = false, wholeChunks = false, signal } = options;
    const cache = checkCache(parse(v.strictObject({ cache: cacheSchema }), { cache: options.cache }).cache);
    const set = await openSet(files, signal);
    if (cache && set.format !== "zarr") {
      const problem = `is of the format ${set.format}, which has no chunks to keep: open it without cache`;
      throw new StoreError(files.name, problem);
    }
    const disk = cache?.folder === undefined ? undefined : await DiskCache.open(cache.folder, cache.folderBytes);
    // An unfinished store has no manifest; its chunks are kept all the same.
    const manifest = verify || disk ? await manifestOf(set, signal, verify) : undefined;
    const whole =
      manifest || cache || wholeChunks || !files.ranges
        ? new WholeChunks(set, { manifest, limit: cache?.bytes, disk })
        : undefined;
    const inputs = set.arrays[0] as StoredArray;
    const packer = set.onehot ? undefined : await OneHotPacker.create(rowLayoutOf(set.recipe, lengthOf(inputs)));
    return new StoreReader(set, whole, packer);
  }

  private constructor(set: StoredSet, whole: WholeChunks | undefined, packer: OneHotPacker | undefined) {
    this.#set = set;
    this.#whole = whole;
    this.#packer = packer;
    this.format = set.format;
    this.recipe = set.recipe;
    this.items = set.items;
    this.chunkItems = set.chunkItems;
    this.length = lengthOf(set.arrays[0] as StoredArray);
    this.arrays = set.arrays.map((array) =>
      array.name === "inputs" && packer ? { ...array, itemShape: [this.length, packer.rowLength] } : array,
    );
  }

  /**
   * Reads items `[first, first + count)` of every array, one after the other, little-endian; their types and shapes are
   * `arrays`. Label cells that the store was written without are in their place.
   *
   * @throws InvalidOptionError when the range is empty or not within the store
   * @throws StoreError when a chunk is missing, truncated or damaged, or the server has no range requests
   */
  async read(first: number, count = 1, signal?: AbortSignal): Promise<ItemBytes> {
    checkInteger("first", first, 0, this.items - 1);
    checkInteger("count", count, 1, this.items - first);
    checkSignal(signal);
    if (this.#closed) throw new DisposedError("store");
    signal?.throwIfAborted();
    const chunks = this.#whole?.reader(signal) ?? chunkReader(this.#set, signal);
    const entries = await Promise.all(
      this.#set.arrays.map(async (array) => {
        const item = storedItemBytes(array);
        const bytes = new Uint8Array(count * item);
        await readRange(this.#set, array, first * item, bytes, chunks);
        return [array.name, bytes.buffer] as const;
      }),
    );
    const items = Object.fromEntries(entries) as unknown as ItemBytes;
    if (!this.#packer) return items;
    const targets = this.#set.arrays.find(({ name }) => name === "targets") as StoredArray;
    const values = labelValuesOf(this.recipe);
    const labels = narrowed(items.targets, targets.dtype as TargetDtype, "uint16", values);
    if (!(labels instanceof ArrayBuffer)) {
      const problem = `is damaged: it has the target ${labels.value}; its recipe has 0 to ${values - 1}`;
      throw new StoreError(this.#set.files.name, problem, { chunk: "targets" });
    }
    return { ...items, inputs: this.#packer.pack(items.inputs, new Uint16Array(labels)) };
  }

  /** Frees what is held; later reads reject with a `DisposedError`. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#whole?.clear();
  }
}

/**
 * Reads the manifest of a store and compares the store's document with it.
 *
 * @param required whether a store without one is an error
 */
async function manifestOf(set: StoredSet, signal: AbortSignal | undefined, required: boolean) {
  const { files, format } = set;
  if (format !== "zarr") {
    const problem = `is of the format ${format}, which keeps no digests to verify: open it without verify`;
    throw new StoreError(files.name, problem);
  }
  const manifest = await readManifest(files, set, signal);
  if (!manifest) {
    if (!required) return undefined;
    throw new StoreError(files.name, "is missing: the store is unfinished, or was not copied whole", {
      chunk: STORE_FILES.manifest,
    });
  }
  const digest = await sha256(set.document as Uint8Array, `${files.name}: ${STORE_FILES.group}`);
  const recorded = manifest.documents[STORE_FILES.group];
  if (digest !== recorded) {
    throw new StoreError(
      files.name,
      `is not what was written: its SHA-256 is ${digest}, the manifest has ${recorded}`,
      {
        chunk: STORE_FILES.group,
      },
    );
  }
  return manifest;
}

/** Positions of an item. */
function lengthOf({ itemShape }: StoredArray): number {
  return itemShape.length > 1 ? (itemShape[0] as number) : 1;
}
