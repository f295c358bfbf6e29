import type { Woven } from "../backend/backend.js";
import { type ItemLayout, inputShape, targetDtype, targetShape } from "../backend/plan.js";
import type { Recipe } from "../recipe.js";
import type { InputTensor, TargetTensor } from "../tensor.js";

/** A task set's shapes, as its recipe alone tells them. */
export interface SetLayout extends ItemLayout {
  readonly items: number;
  /** 0 with `mode: "samples"`, as each sample has a task of its own. */
  readonly itemsPerTask: number;
}

export function layoutOf(recipe: Recipe): SetLayout {
  const { drawSequence, sequenceLength = 1, samplesPerTask = 1, samples, taskCount, outFeatures, dtype } = recipe;
  const { classes, shape } = recipe.dataset;
  const mode = drawSequence ? "sequence" : samples === undefined ? "dataset" : "samples";
  const itemsPerTask = { sequence: samplesPerTask, dataset: shape[0] as number, samples: 0 }[mode];
  return {
    mode,
    length: drawSequence ? sequenceLength : 1,
    outFeatures,
    classes,
    dtype,
    itemsPerTask,
    items: samples ?? taskCount * itemsPerTask,
  };
}

/** The bytes of `count` items as arrays. */
export function tensorsOf(
  layout: ItemLayout,
  count: number,
  { inputs, targets }: Woven,
): { inputs: InputTensor; targets: TargetTensor } {
  const { dtype } = layout;
  return {
    inputs: {
      dtype,
      shape: inputShape(layout, count),
      data: dtype === "float32" ? new Float32Array(inputs) : new Uint16Array(inputs),
    },
    targets: {
      dtype: targetDtype(layout),
      shape: targetShape(layout, count),
      data: targetDtype(layout) === "uint8" ? new Uint8Array(targets) : new Uint16Array(targets),
    },
  };
}
