import * as v from "valibot";
import { InvalidOptionError, messageOf, RecipeError } from "../base/errors.js";
import type { SmallestDtype, TargetDtype } from "../base/tensor.js";
import type { Dataset, Source } from "../dataset/index.js";
import { nameOf, readBytes } from "../files/bytes.js";
import { problemOf } from "../files/file-error.js";
import { type Files, handleFiles } from "../files/folder.js";
import { filesAt } from "../files/places.js";
import { checkPauses } from "../files/retry.js";
import type { S3Options } from "../files/s3/place.js";
import type { TaskAugmentorOptions } from "../plan/options.js";
import { parseRecipe, type Recipe } from "../plan/recipe.js";
import { recipeKey } from "../plan/recipe-key.js";
import { augmentorSchema, parse } from "../plan/schemas.js";
import type { CacheOptions } from "../store/cache-options.js";
import { cacheSchema, checkCache } from "../store/cache-schema.js";
import type { ItemReader } from "../store/item-reader.js";
import { type OpenStoreOptions, StoreReader } from "../store/reader.js";
import { checkDataset, RecipeSource } from "./recipe-source.js";
import { ShuffleKeys } from "./shuffle.js";
import { StoreSource } from "./store-source.js";
import { TaskSet } from "./task-set.js";
import type { TaskSource } from "./task-source.js";

/**
 * A task set that can be opened: a recipe, as an object, as JSON text, or in a file that a URL, a path (in Node and Deno), a `Blob`
 * or a file handle leads to; a folder with a store, by URL, path or directory handle; or an open store.
 */
export type TaskSetSource =
  | Recipe
  | string
  | URL
  | Blob
  | FileSystemFileHandle
  | FileSystemDirectoryHandle
  | ItemReader;

/** Options of `openTasks`. */
export interface OpenOptions<Dtype extends TargetDtype = SmallestDtype>
  extends Pick<TaskAugmentorOptions<Dtype>, "targetDtype" | "backend" | "workers" | "createWorker" | "tune">,
    S3Options {
  /** The dataset that the recipe was made from; its digest is checked. A store does without it. */
  dataset?: Dataset;
  /** Seed of shuffled orders, 0..2^64 - 1; numbers up to 2^53 - 1, larger ones as bigint. Default: the recipe's. */
  shuffleSeed?: bigint | number;
  /**
   * Pauses in milliseconds before a request to a server is made again after a network error, 408, 429 or 5xx: one for
   * each further attempt. Default `[200, 800, 3200]`; `[]` for none.
   */
  retryPauses?: readonly number[] | undefined;
  /**
   * Read whole chunks of a Zarr store and compare each with its digest in the manifest; the other formats keep no digests
   * and are refused. Recipes have nothing to compare but the dataset, whose digest is always checked. Default false.
   */
  verify?: boolean;
  /**
   * Read whole chunks of a Zarr store and keep them, in memory and, in Node and Deno, in a folder. The other formats have no
   * chunks and are refused; a recipe has nothing to keep. Default: none.
   */
  cache?: CacheOptions;
  /** Ends the opening: it rejects with `signal.reason`. What is open stays open. */
  signal?: AbortSignal;
}

function isCredentials(value: unknown): boolean {
  const { accessKeyId, secretAccessKey } = (value ?? {}) as Record<string, unknown>;
  return typeof value === "function" || (typeof accessKeyId === "string" && typeof secretAccessKey === "string");
}

const schema = v.strictObject({
  dataset: v.optional(
    v.custom<Dataset>((value) => typeof (value as Dataset | null)?.digest === "function", "a Dataset"),
  ),
  shuffleSeed: v.optional(v.unwrap(augmentorSchema.entries.seed)),
  targetDtype: augmentorSchema.entries.targetDtype,
  backend: augmentorSchema.entries.backend,
  workers: augmentorSchema.entries.workers,
  createWorker: augmentorSchema.entries.createWorker,
  tune: augmentorSchema.entries.tune,
  retryPauses: v.optional(v.array(v.number())),
  verify: v.optional(v.boolean("true or false"), false),
  endpoint: v.optional(v.union([v.string(), v.instance(URL)])),
  region: v.optional(v.string()),
  credentials: v.optional(v.custom<S3Options["credentials"]>(isCredentials, "a key, or a function that gives one")),
  cache: cacheSchema,
  signal: augmentorSchema.entries.signal,
});

/**
 * Opens a task set, whichever way it is kept: as a recipe, whose tasks are made when they are asked for, or as a store,
 * whose tasks are read. Both give the same batches, bit for bit. Opening takes as long for 2^32 tasks as for 16.
 *
 * @throws RecipeError when the recipe cannot be read, or was made from another dataset
 * @throws StoreError when the store cannot be read, or contradicts its recipe
 * @throws InvalidOptionError for an option that is unknown or out of bounds, or a recipe without its dataset
 *
 * @example
 * ```ts
 * const tasks = await openTasks("https://example.org/tasks/recipe.json", { dataset });
 * tasks.length; // 16777216
 * for await (const { inputs, targets } of tasks.batches({ batchSize: 64, shuffle: true, epochs: 3 })) {
 *   // inputs [64, 100, 794], targets [64, 100]
 * }
 * await tasks.dispose();
 * ```
 */
export function openTasks<Dtype extends TargetDtype = SmallestDtype>(
  source: TaskSetSource,
  options: OpenOptions<Dtype> = {},
): Promise<TaskSet<Dtype>> {
  return openTasksWith(source, options, (recipe) => {
    const { name, digest } = recipe.dataset;
    throw new InvalidOptionError(
      "dataset",
      undefined,
      `${name}, digest ${digest}, from which the recipe makes its tasks`,
    );
  });
}

/**
 * Opens a task set.
 *
 * @param findDataset what to do for a recipe where no dataset is given
 * @internal
 */
export async function openTasksWith<Dtype extends TargetDtype>(
  source: TaskSetSource,
  options: OpenOptions<Dtype>,
  findDataset: (recipe: Recipe, signal: AbortSignal | undefined) => Promise<Dataset>,
): Promise<TaskSet<Dtype>> {
  const given = parse(schema, options);
  const { shuffleSeed, signal } = given;
  checkPauses(given.retryPauses);
  checkCache(given.cache);
  signal?.throwIfAborted();
  const found = await find(source, given);
  signal?.throwIfAborted();
  const opened = await open(found, given, findDataset);
  try {
    const seed = shuffleSeed ?? BigInt(opened.recipe.seed);
    const parts = {
      source: opened,
      recipeKey: await recipeKey(opened.recipe),
      shuffleSeed: seed,
      keys: new ShuffleKeys(seed),
      targetDtype: given.targetDtype,
    };
    signal?.throwIfAborted();
    return new TaskSet<Dtype>(parts);
  } catch (error) {
    await opened.dispose();
    throw error;
  }
}

/** The set that a source leads to. `owned` says that the reader was opened here. */
type Found =
  | { readonly name: string; readonly recipe: Recipe }
  | { readonly name: string; readonly reader: ItemReader; readonly owned: boolean };

async function open(
  found: Found,
  { dataset, backend, workers, createWorker, tune, signal }: v.InferOutput<typeof schema>,
  findDataset: (recipe: Recipe, signal: AbortSignal | undefined) => Promise<Dataset>,
): Promise<TaskSource> {
  if ("recipe" in found) {
    const { name, recipe } = found;
    const options = {
      backend,
      ...(workers === undefined ? {} : { workers }),
      ...(createWorker === undefined ? {} : { createWorker }),
      ...(tune === undefined ? {} : { tune }),
    };
    return RecipeSource.open(recipe, dataset ?? (await findDataset(recipe, signal)), options, name);
  }
  const { name, reader, owned } = found;
  try {
    if (dataset) await checkDataset(reader.recipe, dataset, name);
    return new StoreSource(reader, owned, name);
  } catch (error) {
    if (owned) await reader.close?.();
    throw error;
  }
}

async function find(source: TaskSetSource, options: Reading): Promise<Found> {
  if (typeof source === "string") {
    if (source.trimStart().startsWith("{")) return { name: "recipe", recipe: parseRecipe(source) };
    return isRecipeFile(source) ? readRecipe(source, options) : openFolder(filesAt(source, options), options);
  }
  if (source instanceof URL) return find(source.href, options);
  if (source instanceof Blob) return readRecipe(source, options);
  if (typeof source !== "object" || source === null) throw notATaskSet(source);
  if ("kind" in source) {
    if (source.kind === "directory") return openFolder(handleFiles(source), options);
    return readRecipe(await fileOf(source), options);
  }
  if ("read" in source) {
    if (options.verify) {
      throw new InvalidOptionError("verify", true, "false for a store that is open already; openStore takes verify");
    }
    if (options.cache) {
      const allowed = "undefined for a store that is open already; openStore takes cache";
      throw new InvalidOptionError("cache", options.cache, allowed);
    }
    return { name: "store", reader: source, owned: false };
  }
  if ("format" in source) return { name: "recipe", recipe: recipeOfObject(source) };
  throw notATaskSet(source);
}

function notATaskSet(source: unknown): InvalidOptionError {
  return new InvalidOptionError(
    "source",
    source,
    "a recipe, its JSON text, a path or URL of a recipe or a store, a Blob, a file system handle, or an open store",
  );
}

/** @throws RecipeError for what JSON does not hold: cycles, bigints, deep nesting */
function recipeOfObject(source: object): Recipe {
  let text: string;
  try {
    text = JSON.stringify(source);
  } catch (cause) {
    throw new RecipeError("recipe", `cannot be written as JSON: ${messageOf(cause)}`, { cause });
  }
  return parseRecipe(text);
}

/** The choices of reading files. */
type Reading = Pick<OpenStoreOptions, "retryPauses" | "verify" | "cache" | "signal" | keyof S3Options>;

/** Decided by the name, as a folder cannot be asked what it is everywhere. `data:` and `blob:` URLs are files. */
function isRecipeFile(place: string): boolean {
  return /^(data|blob):/i.test(place) || /\.json$/i.test(place.replace(/[?#].*$/, ""));
}

async function readRecipe(source: Source, options: Reading): Promise<Found> {
  const name = nameOf(source);
  let bytes: Uint8Array;
  try {
    bytes = await readBytes(source, options);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new RecipeError(name, problemOf(cause), { cause });
  }
  return { name, recipe: parseRecipe(new TextDecoder().decode(bytes), name) };
}

async function fileOf(handle: FileSystemFileHandle): Promise<File> {
  try {
    return await handle.getFile();
  } catch (cause) {
    throw new RecipeError(handle.name, problemOf(cause), { cause });
  }
}

async function openFolder(files: Files, options: Reading): Promise<Found> {
  return { name: files.name, reader: await StoreReader.open(files, options), owned: true };
}
