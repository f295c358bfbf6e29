import { bytesPerElement, type FloatDtype, type TargetDtype } from "../base/tensor.js";
import { hasLabels, inputShape, labelDtype, type Plan, targetDtype, targetShape } from "../plan/plan.js";

/** The arrays of a task set, in the order in which files hold them. `labels` is there where labels are given as integers. */
export const ARRAY_NAMES = ["inputs", "targets", "labels"] as const satisfies readonly ArrayName[];
/** The name of an array of a task set. */
export type ArrayName = "inputs" | "targets" | "labels";
/** The element types of stored arrays. */
export type StoredDtype = FloatDtype | TargetDtype;

/** One array of a materialised task set, as every format stores it: row-major, little-endian, items first. */
export interface StoredArray {
  /** The name of the array. */
  readonly name: ArrayName;
  /** The type of one element. */
  readonly dtype: StoredDtype;
  /** Sizes behind the first dimension, which counts items. */
  readonly itemShape: readonly number[];
}

/**
 * The arrays of a plan.
 *
 * @param onehot whether inputs are stored with the label cells behind the projected values, as the weaver makes them
 */
export function storedArrays(plan: Plan, { onehot = true } = {}): StoredArray[] {
  const inputs = inputShape(plan, 1).slice(1);
  return [
    {
      name: "inputs",
      dtype: plan.dtype,
      itemShape: onehot ? inputs : [...inputs.slice(0, -1), plan.outFeatures],
    },
    { name: "targets", dtype: targetDtype(plan), itemShape: targetShape(plan, 1).slice(1) },
    ...(hasLabels(plan)
      ? [{ name: "labels" as const, dtype: labelDtype(plan), itemShape: targetShape(plan, 1).slice(1) }]
      : []),
  ];
}

/** Bytes of one item. */
export function storedItemBytes({ dtype, itemShape }: StoredArray): number {
  return itemShape.reduce((a, b) => a * b, bytesPerElement(dtype));
}
