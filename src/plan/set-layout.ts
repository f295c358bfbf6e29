import type { ItemLayout } from "./plan.js";
import { labelValuesOf, type Recipe } from "./recipe.js";

/** A task set's shapes, as its recipe alone tells them. */
export interface SetLayout extends ItemLayout {
  readonly items: number;
  /** 0 with `mode: "samples"`, as each sample has a task of its own. */
  readonly itemsPerTask: number;
}

export function layoutOf(recipe: Recipe): SetLayout {
  const { drawSequence, sequenceLength = 1, samples, taskCount, outFeatures, dtype, specialTokens } = recipe;
  const mode = drawSequence ? "sequence" : samples === undefined ? "dataset" : "samples";
  const items = itemsOf(recipe);
  return {
    mode,
    length: drawSequence ? sequenceLength : 1,
    outFeatures,
    classes: labelValuesOf(recipe) - specialTokens,
    specialTokens,
    labelLayout: drawSequence ? recipe.labelLayout : "none",
    labelFormat: recipe.labelFormat,
    dtype,
    itemsPerTask: mode === "samples" ? 0 : items / taskCount,
    items,
  };
}

/** Items of a recipe's set: sequences, or examples where no sequences are drawn. */
export function itemsOf(recipe: Recipe): number {
  const { drawSequence, taskCount, samplesPerTask = 1, samples, examples, dataset } = recipe;
  return drawSequence
    ? taskCount * samplesPerTask
    : (samples ?? taskCount * (examples ?? (dataset.shape[0] as number)));
}

/**
 * The tasks that items `[first, first + count)` belong to, last exclusive; `undefined` where each sample draws its own.
 */
export function tasksOf(recipe: Recipe, first: number, count: number): { start: number; stop: number } | undefined {
  const { taskOffset, taskCount, samples } = recipe;
  if (samples !== undefined) return undefined;
  const itemsPerTask = itemsOf(recipe) / taskCount;
  return {
    start: taskOffset + Math.floor(first / itemsPerTask),
    stop: Math.min(taskOffset + taskCount, taskOffset + Math.ceil((first + count) / itemsPerTask)),
  };
}
