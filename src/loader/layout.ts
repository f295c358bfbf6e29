import type { ItemLayout } from "../backend/plan.js";
import { labelValuesOf, type Recipe } from "../recipe.js";
import { itemsOf } from "../store/arrays.js";

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
