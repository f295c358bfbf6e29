import { createHash, randomInt } from "node:crypto";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkInteger } from "../../base/check.js";
import { bytesPerElement } from "../../base/tensor.js";
import type { Dataset } from "../../dataset/index.js";
import type { TaskAugmentorOptions } from "../../plan/options.js";
import { rowLength } from "../../plan/plan.js";
import { optionsOf, type Recipe } from "../../plan/recipe.js";
import { itemsOf, tasksOf } from "../../plan/set-layout.js";
import type { ArrayName, StoredArray } from "../../store/arrays.js";
import { type ChunkDigests, digestsOf, type Manifest, parseManifest } from "../../store/manifest.js";
import { withoutOneHot } from "../../store/one-hot.js";
import { chunkBytes, chunkCount, chunkKey, itemsOfChunk, STORE_FILES, type StoreLayout } from "../../store/zarr.js";
import { TaskAugmentor } from "../../tasks/augmentor.js";
import { openDatasetOf } from "../dataset/open-dataset.js";
import type { StoreFormat } from "../write/job.js";
import { readJournals } from "../write/journal.js";
import { storeKey } from "../write/store-identity.js";
import { type ArrayFile, openTaskFolder, type TaskFolder } from "./task-folder.js";

/** Options of `verify`. */
export interface VerifyOptions {
  /**
   * Compare values with newly made ones: of everything (true), or of this many chunks drawn at random. Default false:
   * digests alone.
   */
  recompute?: boolean | number;
  /** For recomputing: where the dataset is, if not where the recipe says, or the dataset itself. */
  dataset?: string | Dataset;
  /** The backend that recomputes: as `TaskAugmentorOptions.backend`. */
  backend?: TaskAugmentorOptions["backend"];
  /** Threads of the CPU backend that recomputes: as `TaskAugmentorOptions.workers`. */
  workers?: number;
  /** Called after each chunk with those done, how many there are, and the bytes read. */
  onProgress?: (done: number, total: number, bytes: number) => void;
  /** Ends the check. */
  signal?: AbortSignal;
}

/** Something that is not as it should be. */
export interface Fault {
  /** The file, by its place in the folder. */
  readonly path: string;
  /** The kind of the fault. */
  readonly kind: "missing" | "size" | "digest" | "values" | "unfinished";
  /** The chunk's number, in a store. */
  readonly chunk?: number;
  /** The tasks it concerns, last exclusive; `undefined` for documents, and where samples draw their own tasks. */
  readonly tasks?:
    | {
        /** The first task, inclusive. */
        readonly start: number;
        /** The last task, exclusive. */
        readonly stop: number;
      }
    | undefined;
  /** What is wrong, in words. */
  readonly problem: string;
}

/** The result of `verify`. */
export interface Verification {
  /** The format of the files. */
  readonly format: StoreFormat;
  /** The recipe of the task set. */
  readonly recipe: Recipe;
  /** Files whose digest was compared; 0 where the format keeps none. */
  readonly hashed: number;
  /** Items whose values were compared with newly made ones. */
  readonly recomputed: number;
  /** Nothing is wrong with what was looked at if there are none. */
  readonly faults: readonly Fault[];
}

/** Bytes read at a time. */
const BLOCK = 4 * 2 ** 20;
/** Items of a format without chunks are recomputed in runs of about this many bytes of inputs. */
const RUN_BYTES = 32 * 2 ** 20;

/**
 * Checks what `generate` wrote: the chunks of a store against the digests in its manifest (of an unfinished one, in its
 * journals), and values of any format against newly made ones, if asked for.
 *
 * @throws StoreError or RecipeError when the folder cannot be opened at all, or the dataset is another one
 *
 * @example
 * ```ts
 * const { faults } = await verify("tasks", { recompute: 3 });
 * for (const { path, tasks, problem } of faults) console.log(path, tasks, problem);
 * ```
 */
export async function verify(path: string, options: VerifyOptions = {}): Promise<Verification> {
  const { recompute = false, signal } = options;
  if (typeof recompute === "number") checkInteger("recompute", recompute, 1, Number.MAX_SAFE_INTEGER);
  signal?.throwIfAborted();
  const folder = await openTaskFolder(path);
  try {
    const faults: Fault[] = [];
    const { recipe, layout } = folder;
    const runs = runsOf(folder);
    const wanted = recompute === false ? [] : recompute === true ? all(runs.count) : sample(runs.count, recompute);
    const meter = new Meter((layout ? runs.count : 0) + wanted.length, options.onProgress);
    const hashed = layout ? await hashStore(path, layout, faults, meter, signal) : 0;
    // What is missing or cut off has been said.
    const bad = new Set(faults.flatMap(({ chunk, kind }) => (chunk === undefined || kind === "digest" ? [] : [chunk])));
    const recomputed = await recomputeRuns(
      folder,
      runs,
      wanted.filter((run) => !bad.has(run)),
      { faults, meter, options },
    );
    return { format: folder.format, recipe, hashed, recomputed, faults };
  } finally {
    await folder.close();
  }
}

class Meter {
  readonly #total: number;
  readonly #report: VerifyOptions["onProgress"];
  #done = 0;
  #bytes = 0;

  constructor(total: number, report: VerifyOptions["onProgress"]) {
    this.#total = total;
    this.#report = report;
    report?.(0, total, 0);
  }

  read(bytes: number): void {
    this.#bytes += bytes;
  }

  step(): void {
    this.#done++;
    this.#report?.(this.#done, this.#total, this.#bytes);
  }
}

/** The items of a folder in runs: the chunks of a store, or as many as make some MiB. */
interface Runs {
  readonly count: number;
  of(run: number): { start: number; stop: number };
}

function runsOf({ layout, recipe, inputs }: TaskFolder): Runs {
  if (layout) return { count: chunkCount(layout), of: (chunk) => itemsOfChunk(layout, chunk) };
  const items = itemsOf(recipe);
  const size = Math.max(1, Math.floor(RUN_BYTES / itemBytesOf(inputs)));
  return {
    count: Math.ceil(items / size),
    of: (run) => ({ start: run * size, stop: Math.min(items, (run + 1) * size) }),
  };
}

function all(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** `n` different numbers below `count`, or all, in order. */
function sample(count: number, n: number): number[] {
  if (n >= count) return all(count);
  const drawn = new Set<number>();
  while (drawn.size < n) drawn.add(randomInt(count));
  return [...drawn].sort((a, b) => a - b);
}

/** Compares all files of a store with their digests. */
async function hashStore(
  path: string,
  layout: StoreLayout,
  faults: Fault[],
  meter: Meter,
  signal: AbortSignal | undefined,
): Promise<number> {
  const manifest = await readManifest(path, layout);
  const journals = manifest ? undefined : await readJournals(join(path, STORE_FILES.unfinished), storeKey(layout));
  let hashed = 0;
  for (const [key, expected] of Object.entries(manifest?.documents ?? {})) {
    hashed++;
    const bytes = await readFile(join(path, key)).catch(() => undefined);
    if (!bytes) faults.push({ path: key, kind: "missing", problem: "is missing" });
    else if (createHash("sha256").update(bytes).digest("hex") !== expected) {
      faults.push({ path: key, kind: "digest", problem: "is not what was written" });
    }
  }
  let unmade = 0;
  for (let chunk = 0; chunk < chunkCount(layout); chunk++) {
    const digests = manifest ? digestsOf(manifest, chunk) : journals?.get(chunk);
    if (!digests) {
      unmade++;
      meter.step();
      continue;
    }
    for (const array of layout.arrays) {
      signal?.throwIfAborted();
      const fault = await hashChunk(path, layout, array, chunk, digests, meter, signal);
      if (fault) faults.push(fault);
      hashed++;
    }
    meter.step();
  }
  if (!manifest) {
    const total = chunkCount(layout);
    const problem =
      unmade === 0
        ? "is missing; run generate again, which writes it"
        : `is missing: the store is unfinished, ${unmade} of ${total} chunks are not made; run generate again`;
    faults.push({ path: STORE_FILES.manifest, kind: "unfinished", problem });
  }
  return hashed;
}

async function readManifest(path: string, layout: StoreLayout): Promise<Manifest | undefined> {
  const text = await readFile(join(path, STORE_FILES.manifest), "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });
  return text === undefined ? undefined : parseManifest(text, layout, path);
}

async function hashChunk(
  folder: string,
  layout: StoreLayout,
  array: StoredArray,
  chunk: number,
  digests: ChunkDigests,
  meter: Meter,
  signal: AbortSignal | undefined,
): Promise<Fault | undefined> {
  const path = chunkKey(array, chunk);
  const { start, stop } = itemsOfChunk(layout, chunk);
  const where = { path, chunk, tasks: tasksOf(layout.recipe, start, stop - start) };
  let handle: FileHandle;
  try {
    handle = await open(join(folder, path));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    return { ...where, kind: "missing", problem: code === "ENOENT" ? "is missing" : `cannot be read: ${message}` };
  }
  try {
    const { size } = await handle.stat();
    const expected = chunkBytes(layout, array);
    if (size !== expected) {
      const problem = `${size < expected ? "is truncated: it has" : "is too long: it has"} ${size} bytes of ${expected}`;
      return { ...where, kind: "size", problem };
    }
    const hash = createHash("sha256");
    const block = new Uint8Array(Math.min(BLOCK, size));
    for (let at = 0; at < size; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(block, 0, Math.min(block.length, size - at), at);
      if (bytesRead === 0) return { ...where, kind: "size", problem: `ends after ${at} bytes` };
      hash.update(block.subarray(0, bytesRead));
      at += bytesRead;
    }
    meter.read(size);
    const digest = hash.digest("hex");
    if (digest === digests[array.name]) return undefined;
    return { ...where, kind: "digest", problem: `has SHA-256 ${digest}, not ${digests[array.name]}` };
  } catch (cause) {
    if (signal?.aborted) throw cause;
    return { ...where, kind: "missing", problem: `cannot be read: ${(cause as Error).message}` };
  } finally {
    await handle.close();
  }
}

/** Makes runs of items anew and compares them with the files, value by value. */
async function recomputeRuns(
  folder: TaskFolder,
  runs: Runs,
  wanted: readonly number[],
  { faults, meter, options }: { faults: Fault[]; meter: Meter; options: VerifyOptions },
): Promise<number> {
  if (wanted.length === 0) return 0;
  const { backend, workers, signal } = options;
  const { recipe, layout } = folder;
  const dataset = await openDatasetOf(recipe, options.dataset, signal);
  using tasks = new TaskAugmentor({
    ...optionsOf(recipe),
    ...(backend === undefined ? {} : { backend }),
    ...(workers === undefined ? {} : { workers }),
    ...(signal === undefined ? {} : { signal }),
  });
  const plan = tasks.plan(dataset);
  const size = bytesPerElement(plan.dtype);
  let items = 0;
  for (const run of wanted) {
    const { start, stop } = runs.of(run);
    const wrong = new Map<ArrayName, number[]>();
    for await (const piece of tasks.stream(dataset, { first: start, count: stop - start })) {
      for (const file of folder.arrays) {
        const buffer = piece[file.name] as ArrayBuffer;
        const strip = file.name === "inputs" && layout?.onehot === false;
        const made = strip
          ? withoutOneHot(buffer, rowLength(plan) * size, plan.outFeatures * size)
          : new Uint8Array(buffer);
        const values = itemBytesOf(file) / bytesPerElement(file.info.dtype);
        const found = await file.read(piece.first * values, piece.count * values);
        meter.read(found.length);
        const differing = differingItems(made, found, itemBytesOf(file)).map((item) => piece.first + item);
        if (differing.length > 0) wrong.set(file.name, [...(wrong.get(file.name) ?? []), ...differing]);
      }
    }
    for (const [name, differing] of wrong) {
      const [first, last] = [differing[0] as number, differing.at(-1) as number];
      const rounding =
        recipe.dataset.dtype === "float32" ? "; of float32 data, other backends round in other ways" : "";
      faults.push({
        path: pathOf(folder, name, run),
        kind: "values",
        ...(layout ? { chunk: run } : {}),
        tasks: tasksOf(recipe, first, last - first + 1),
        problem:
          `differs from what the recipe makes in ${differing.length} of ${stop - start} ` +
          `${recipe.drawSequence ? "sequences" : "examples"}, the first being ${first}${rounding}`,
      });
    }
    items += stop - start;
    meter.step();
  }
  return items;
}

function pathOf({ format, layout }: TaskFolder, name: ArrayName, run: number): string {
  const array = layout?.arrays.find((candidate) => candidate.name === name);
  if (array) return chunkKey(array, run);
  return format === "npy" ? `${name}.npy` : `tasks.safetensors (${name})`;
}

/** Bytes of an item of an array. */
function itemBytesOf({ info }: ArrayFile): number {
  return info.shape.slice(1).reduce((a, b) => a * b, bytesPerElement(info.dtype));
}

/** The numbers of the items in which two runs differ. */
function differingItems(made: Uint8Array, found: Uint8Array, item: number): number[] {
  if (Buffer.compare(made, found) === 0) return [];
  return all(made.length / item).filter(
    (i) => Buffer.compare(made.subarray(i * item, (i + 1) * item), found.subarray(i * item, (i + 1) * item)) !== 0,
  );
}
