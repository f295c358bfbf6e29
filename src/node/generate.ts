import { TaskAugmentor } from "../augmentor.js";
import { inputShape, itemBytes, targetDtype, targetShape } from "../backend/plan.js";
import type { Dataset } from "../dataset/index.js";
import type { TaskAugmentorOptions } from "../options.js";
import { type Recipe, recipeOf } from "../recipe.js";
import { npyHeader } from "../store/npy.js";
import { OutputFolder } from "./output-folder.js";

/** The files of a generated folder; the recipe is written last and says that the others are whole. */
export const FILES = { inputs: "inputs.npy", targets: "targets.npy", recipe: "recipe.json" } as const;

export interface GenerateOptions extends TaskAugmentorOptions {
  /** Folder to write into; made if missing. */
  out: string;
  /** Overwrite files of an earlier run. Default false. */
  force?: boolean;
  /** Called after each piece with the items (sequences, or examples) written so far and in all. */
  onProgress?: (done: number, total: number) => void;
}

export interface Generated {
  readonly recipe: Recipe;
  /** Sequences, or examples where no sequences are drawn. */
  readonly items: number;
  /** Bytes of all files. */
  readonly bytes: number;
  /** What computed it, and why that. */
  readonly backend: { readonly name: string; readonly reason: string };
}

/**
 * Writes a task set as `inputs.npy`, `targets.npy` and `recipe.json`, in memory that does not grow with the tasks.
 * The files take their names when all of them are whole; on any error or abort nothing is left behind.
 *
 * @throws OutputError when a file exists (without `force`), the folder cannot be written or the disk is full
 * @throws InvalidOptionError for options out of bounds
 *
 * @example
 * ```ts
 * await generate(await mnist(), { taskCount: 1024, seed: 42, out: "tasks" });
 * ```
 */
export async function generate(dataset: Dataset, options: GenerateOptions): Promise<Generated> {
  const { out, force = false, onProgress, ...rest } = options;
  using tasks = new TaskAugmentor(rest);
  const plan = tasks.plan(dataset);
  const bytes = itemBytes(plan);
  const folder = await OutputFolder.open(out, Object.values(FILES), {
    force,
    bytes: plan.itemCount * (bytes.inputs + bytes.targets),
  });
  try {
    await folder.write(FILES.inputs, npyHeader(plan.dtype, inputShape(plan, plan.itemCount)));
    await folder.write(FILES.targets, npyHeader(targetDtype(plan), targetShape(plan, plan.itemCount)));
    let done = 0;
    for await (const { inputs, targets, count } of tasks.stream(dataset)) {
      await folder.write(FILES.inputs, new Uint8Array(inputs));
      await folder.write(FILES.targets, new Uint8Array(targets));
      done += count;
      onProgress?.(done, plan.itemCount);
    }
    const recipe = await recipeOf(tasks, dataset);
    await folder.write(FILES.recipe, new TextEncoder().encode(`${JSON.stringify(recipe, null, 2)}\n`));
    options.signal?.throwIfAborted();
    await folder.commit();
    const sizes = await Promise.all(Object.values(FILES).map((name) => folder.sizeOf(name)));
    return {
      recipe,
      items: plan.itemCount,
      bytes: sizes.reduce((a, b) => a + b),
      backend: await tasks.describeBackend(),
    };
  } catch (error) {
    await folder.discard();
    throw error;
  }
}
