import type { Dataset } from "../dataset/index.js";
import type { Recipe } from "./recipe.js";

/**
 * The difference between a dataset and that of a recipe, in words with both digests; undefined where there is none. Shape,
 * type and classes come first, as they say more than the digests.
 */
export async function datasetDifference(recipe: Recipe, dataset: Dataset): Promise<string | undefined> {
  const own = await dataset.digest();
  const { digest } = recipe.dataset;
  const difference = visibleDifference(recipe, dataset);
  if (own === digest) return difference;
  if (difference) return `${difference}; its digest is ${own}, the recipe's ${digest}`;
  const { centeredOn } = recipe.dataset;
  const hint =
    centeredOn !== undefined && dataset.centeredOn === undefined
      ? `, from which Center took the mean image of ${centeredOn}`
      : "";
  return `has digest ${own}; the recipe was made from ${digest}${hint}`;
}

function visibleDifference(recipe: Recipe, dataset: Dataset): string | undefined {
  const { shape, dtype, scale, classes, originalLabels } = recipe.dataset;
  const given = [dataset.length, ...dataset.shape];
  if (shape.join() !== given.join()) {
    const [count, ...one] = shape;
    const remedy = sizeOf(shape) === sizeOf(given) && count === given[0] ? ` (give shape: [${one.join(", ")}])` : "";
    return `has shape [${given.join(", ")}]; the recipe's is [${shape.join(", ")}]${remedy}`;
  }
  if (dtype !== dataset.dtype) return `is ${dataset.dtype}; the recipe's is ${dtype}`;
  if (scale !== dataset.scale) {
    const text = (given: number | undefined) => (given === undefined ? "none" : String(given));
    return `has steps of scale ${text(dataset.scale)}; the recipe's have ${text(scale)}`;
  }
  if (classes !== dataset.classes) return `has ${dataset.classes} classes; the recipe's has ${classes}`;
  if (originalLabels && originalLabels.length !== classes) {
    return `has ${classes} classes; the recipe names ${originalLabels.length} original labels`;
  }
  return undefined;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
