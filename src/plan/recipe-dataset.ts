import type { Dataset } from "../dataset/index.js";
import type { Recipe } from "./recipe.js";

/**
 * In what a dataset differs from that of a recipe, in words, if it does. Shape, type and classes come first, as they say
 * more than two digests.
 */
export async function datasetDifference(recipe: Recipe, dataset: Dataset): Promise<string | undefined> {
  const { shape, dtype, classes, digest, originalLabels } = recipe.dataset;
  const given = [dataset.length, ...dataset.shape];
  if (shape.join() !== given.join()) {
    const [count, ...one] = shape;
    const remedy = sizeOf(shape) === sizeOf(given) && count === given[0] ? `; give shape: [${one.join(", ")}]` : "";
    return `has shape [${given.join(", ")}]; the recipe's is [${shape.join(", ")}]${remedy}`;
  }
  if (dtype !== dataset.dtype) return `is ${dataset.dtype}; the recipe's is ${dtype}`;
  if (classes !== dataset.classes) return `has ${dataset.classes} classes; the recipe's has ${classes}`;
  if (originalLabels && originalLabels.length !== classes) {
    return `has ${classes} classes; the recipe names ${originalLabels.length} original labels`;
  }
  const own = await dataset.digest();
  return own === digest ? undefined : `has digest ${own}; the recipe was made from ${digest}`;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
