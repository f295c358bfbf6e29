import { sha256 } from "../base/sha256.js";
import type { Recipe } from "./recipe.js";

/**
 * The identity of the tasks of a recipe, 64 lower-case hex digits: the SHA-256 of its JSON with sorted keys and no spaces,
 * without the names of the preset, of the dataset, of its classes and of its mean image, on which no number depends.
 */
export function recipeKey(recipe: Recipe): Promise<string> {
  const { preset: _preset, dataset, ...fields } = recipe;
  const { name: _name, originalLabels: _labels, centeredOn: _center, ...contents } = dataset;
  return sha256(new TextEncoder().encode(JSON.stringify(sorted({ ...fields, dataset: contents }))), "recipe");
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}
