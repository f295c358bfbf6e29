import { abortable } from "../../base/abort.js";
import { checkInteger, checkObject } from "../../base/check.js";
import { InvalidOptionError } from "../../base/errors.js";
import type { TargetDtype } from "../../base/tensor.js";
import type { Dataset } from "../../dataset/index.js";
import type { TaskAugmentorOptions } from "../../plan/options.js";
import { labelCells } from "../../plan/plan.js";
import { storedArrays } from "../../store/arrays.js";
import { TaskAugmentor } from "../../tasks/augmentor.js";
import { recipeOf } from "../../tasks/recipe-of.js";
import type { Generated, Job, StoreFormat, Written } from "./job.js";
import { writeNpy } from "./write-npy.js";
import { writeSafetensors } from "./write-safetensors.js";
import { writeZarr } from "./write-zarr.js";

export { FILES } from "../../store/npy.js";

const WRITERS: Record<StoreFormat, (job: Job) => Promise<Written>> = {
  npy: writeNpy,
  safetensors: writeSafetensors,
  zarr: writeZarr,
};

/** The names of the formats. */
export const FORMATS = Object.keys(WRITERS) as StoreFormat[];

/** Options of `generate`. */
export interface GenerateOptions extends TaskAugmentorOptions<TargetDtype> {
  /** Folder to write into; made if missing. */
  out: string;
  /** The format of the files. Default `"npy"`. */
  format?: StoreFormat;
  /** Overwrite files of an earlier run; for `"zarr"`, start over instead of going on. Default false. */
  force?: boolean;
  /**
   * Tasks of a chunk for `"zarr"`, from 1; where samples are drawn, samples of a chunk. Default: as many as make about
   * 32 MiB of inputs.
   */
  chunkTasks?: number;
  /** The part of a `"zarr"` store to write: `index` of `count`, from 0; others write theirs, in any order or at the same time. */
  shard?: {
    /** The number of this part, 0..count - 1. */
    readonly index: number;
    /** The number of parts, from 1. */
    readonly count: number;
  };
  /** False stores the inputs of a `"zarr"` store without their label cells, which readers put back. Default true. */
  onehot?: boolean;
  /**
   * Called after each piece with the items (sequences, or examples) that are there, how many there are to be, and the
   * bytes written by this call. The first call, before any piece, says what was there already.
   */
  onProgress?: (done: number, total: number, bytes: number) => void;
}

/**
 * Writes a task set, in memory that does not grow with the tasks.
 *
 * - `"npy"`: `inputs.npy`, `targets.npy` and `recipe.json`; `"safetensors"`: `tasks.safetensors`. Files take their names
 *   when all of them are whole; on any error or abort nothing is left behind.
 * - `"zarr"`: a Zarr v3 store, see docs/store.md. Chunks appear one by one, each whole. After an error, an abort or a
 *   crash, the same call goes on where the last one stopped, and the store ends with the same bytes.
 *
 * @throws OutputError when another result is in the way, the folder cannot be written or the disk is or would be full
 * @throws InvalidOptionError for options out of bounds
 *
 * @example
 * ```ts
 * await generate(await mnist(), { taskCount: 1024, seed: 42, out: "tasks" });
 * await generate(await mnist(), { taskCount: 2 ** 16, format: "zarr", shard: { index: 0, count: 4 }, out: "store" });
 * ```
 */
export async function generate(dataset: Dataset, options: GenerateOptions): Promise<Generated> {
  checkObject("options", options);
  const { out, format = "npy", force = false, chunkTasks, shard, onehot = true, onProgress, ...rest } = options;
  if (typeof out !== "string" || out === "") throw new InvalidOptionError("out", out, "the path of a folder");
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(out)) {
    throw new InvalidOptionError("out", out, "the path of a folder on this machine, not an address");
  }
  const write = WRITERS[format];
  if (!Object.hasOwn(WRITERS, format)) throw new InvalidOptionError("format", format, FORMATS.join(", "));
  if (format !== "zarr") {
    for (const [name, value] of Object.entries({ chunkTasks, shard, onehot: onehot ? undefined : false })) {
      if (value !== undefined) throw new InvalidOptionError(name, value, 'nothing, as format is not "zarr"');
    }
  }
  if (chunkTasks !== undefined) checkInteger("chunkTasks", chunkTasks, 1, 2 ** 32);
  if (shard) {
    checkInteger("shard.count", shard.count, 1, 2 ** 20);
    checkInteger("shard.index", shard.index, 0, shard.count - 1);
  }
  using tasks = new TaskAugmentor(rest);
  const plan = tasks.plan(dataset);
  if (!onehot && labelCells(plan) === 0) {
    throw new InvalidOptionError("onehot", onehot, "true, as this task set has no label cells");
  }
  if (!onehot && tasks.options.outputScaling === "notebook") {
    throw new InvalidOptionError("onehot", onehot, 'true, as outputScaling "notebook" changes the label cells too');
  }
  const written = await write({
    out,
    force,
    chunkTasks,
    shard: shard ?? { index: 0, count: 1 },
    onehot,
    onProgress: onProgress ?? (() => undefined),
    signal: options.signal,
    dataset,
    tasks,
    plan,
    arrays: storedArrays(plan, { onehot }),
    recipe: () => abortable(recipeOf(tasks, dataset), options.signal),
  });
  return { ...written, backend: await tasks.describeBackend() };
}
