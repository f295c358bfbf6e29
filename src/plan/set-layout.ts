import { InvalidOptionError } from "../base/errors.js";
import { holds, TARGET_DTYPES } from "../base/integers.js";
import type { TargetDtype } from "../base/tensor.js";
import type { SettledChoices, TaskSetSize } from "./choices.js";
import { hasLabels, type ItemLayout, labelValues } from "./plan.js";
import type { Recipe } from "./recipe.js";

/** A task set's shapes. */
export interface SetLayout extends ItemLayout {
  readonly items: number;
  /** 0 with `mode: "samples"`, as each sample has a task of its own. */
  readonly itemsPerTask: number;
}

/** The part of options and recipes that shapes follow from. */
type ShapeChoices = TaskSetSize &
  Pick<SettledChoices, "specialTokens" | "labelLayout" | "labelFormat" | "episode"> & {
    readonly outFeatures: number;
    readonly targetDtype?: TargetDtype | undefined;
  };

/**
 * The layout of a task set.
 *
 * @param examples how many examples its sequences are drawn out of
 * @param classes how many labels those have
 */
export function layoutFor(set: ShapeChoices, examples: number, classes: number): SetLayout {
  const { drawSequence, samples, samplesPerTask = 1, taskCount, episode } = set;
  const mode = drawSequence ? "sequence" : samples === undefined ? "dataset" : "samples";
  const itemsPerTask = { sequence: samplesPerTask, dataset: examples, samples: 0 }[mode];
  return {
    mode,
    length: drawSequence ? (set.sequenceLength ?? 1) : 1,
    outFeatures: set.outFeatures,
    classes: episode?.relabel ? episode.ways : classes,
    specialTokens: set.specialTokens,
    labelLayout: drawSequence ? set.labelLayout : "none",
    labelFormat: set.labelFormat,
    dtype: set.dtype,
    targetDtype: set.targetDtype,
    itemsPerTask,
    items: mode === "samples" ? (samples as number) : taskCount * itemsPerTask,
  };
}

/** The layout of a recipe's task set, as the recipe alone tells it. */
export function layoutOf(recipe: Recipe): SetLayout {
  const { examples, classSubset, dataset } = recipe;
  return layoutFor(recipe, examples ?? (dataset.shape[0] as number), classSubset?.length ?? dataset.classes);
}

/** Values that the labels of a recipe's results can have: its classes, and the special tokens below them. */
export function labelValuesOf(recipe: Recipe): number {
  return labelValues(layoutOf(recipe));
}

/** @throws InvalidOptionError for a type that does not hold all targets and labels */
export function checkTargetDtype(layout: ItemLayout): void {
  const { targetDtype } = layout;
  const values = labelValues(layout) + (hasLabels(layout) ? 1 : 0);
  if (targetDtype === undefined || holds(targetDtype, values)) return;
  const names = TARGET_DTYPES.filter((dtype) => holds(dtype, values)).map((dtype) => JSON.stringify(dtype));
  throw new InvalidOptionError("targetDtype", targetDtype, `${names.join(", ")}, or undefined, for ${values} values`);
}

/** Items of a recipe's set: sequences, or examples where no sequences are drawn. */
export function itemsOf(recipe: Recipe): number {
  return layoutOf(recipe).items;
}

/**
 * The tasks that items `[first, first + count)` belong to, last exclusive; `undefined` where each sample draws its own.
 */
export function tasksOf(recipe: Recipe, first: number, count: number): { start: number; stop: number } | undefined {
  const { taskOffset, taskCount } = recipe;
  const { mode, itemsPerTask } = layoutOf(recipe);
  if (mode === "samples") return undefined;
  return {
    start: taskOffset + Math.floor(first / itemsPerTask),
    stop: Math.min(taskOffset + taskCount, taskOffset + Math.ceil((first + count) / itemsPerTask)),
  };
}
