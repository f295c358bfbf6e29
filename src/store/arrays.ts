import type { ItemBytes } from "../backend/backend.js";
import { StoreError } from "../base/errors.js";
import { holds, TARGET_DTYPES, widened } from "../base/integers.js";
import { bytesPerElement, type FloatDtype, type TargetDtype } from "../base/tensor.js";
import {
  hasLabels,
  type ItemLayout,
  inputShape,
  labelDtype,
  labelValues,
  targetDtype,
  targetShape,
} from "../plan/plan.js";
import type { Recipe } from "../plan/recipe.js";
import { layoutOf } from "../plan/set-layout.js";

/** `"npy"`: single files; `"safetensors"`: one file; `"zarr"`: a store of chunks that can be resumed and shared out. */
export type StoreFormat = "npy" | "safetensors" | "zarr";

/** The arrays of a task set, in the order in which files hold them. `labels` is there where labels are given as integers. */
export const ARRAY_NAMES = ["inputs", "targets", "labels"] as const satisfies readonly ArrayName[];
/** The name of an array of a task set. */
export type ArrayName = "inputs" | "targets" | "labels";
/** The element types of stored arrays. */
export type StoredDtype = FloatDtype | TargetDtype;

/** One array of a materialized task set, as every format stores it: row-major, little-endian, items first. */
export interface StoredArray {
  /** The name of the array. */
  readonly name: ArrayName;
  /** The type of one element. */
  readonly dtype: StoredDtype;
  /** Sizes behind the first dimension, which counts items. */
  readonly itemShape: readonly number[];
}

/**
 * Lists the arrays of a task set.
 *
 * @param onehot whether inputs are stored with the label cells behind the projected values, as the weaver makes them
 */
export function storedArrays(plan: ItemLayout, { onehot = true } = {}): StoredArray[] {
  const inputs = inputShape(plan, 1).slice(1);
  return [
    {
      name: "inputs",
      dtype: plan.dtype,
      itemShape: onehot ? inputs : [...inputs.slice(0, -1), plan.outFeatures],
    },
    { name: "targets", dtype: plan.targetDtype ?? targetDtype(plan), itemShape: targetShape(plan, 1).slice(1) },
    ...(hasLabels(plan)
      ? [
          {
            name: "labels" as const,
            dtype: plan.targetDtype ?? labelDtype(plan),
            itemShape: targetShape(plan, 1).slice(1),
          },
        ]
      : []),
  ];
}

/** The bytes of an array as files hold them, of items as backends make them. */
export function storedBytes({ name, dtype }: StoredArray, layout: ItemLayout, items: ItemBytes): ArrayBuffer {
  const buffer = items[name] as ArrayBuffer;
  if (name === "inputs") return buffer;
  return widened(buffer, name === "targets" ? targetDtype(layout) : labelDtype(layout), dtype as TargetDtype);
}

/** An array as a file describes it. */
export interface FoundArray {
  readonly name: ArrayName;
  readonly dtype: StoredDtype;
  /** All sizes, the number of items first. */
  readonly shape: readonly number[];
  /** The file that says so, by its place in the folder. */
  readonly key: string;
}

/**
 * Compares the arrays of a folder with those that its recipe makes. Targets and labels may have any type that holds them.
 *
 * @param source the folder, for error messages
 * @returns the arrays that the recipe makes
 * @throws StoreError that names the first difference in names, types and shapes
 */
export function checkArrays(
  recipe: Recipe,
  onehot: boolean,
  found: readonly FoundArray[],
  source: string,
): StoredArray[] {
  const layout = layoutOf(recipe);
  const arrays = storedArrays(layout, { onehot }).map((array) => asFound(array, layout, found));
  for (const { name, dtype, itemShape } of arrays) {
    const array = found.find((candidate) => candidate.name === name);
    const expected = `${dtype} [${[layout.items, ...itemShape].join(", ")}]`;
    if (!array) throw new StoreError(source, `has no array ${name}; its recipe makes ${expected}`);
    const given = `${array.dtype} [${array.shape.join(", ")}]`;
    if (given !== expected) {
      throw new StoreError(source, `has ${name} of ${given}; its recipe makes ${expected}`, { chunk: array.key });
    }
  }
  const extra = found.find(({ name }) => !arrays.some((array) => array.name === name));
  if (extra) throw new StoreError(source, `has ${extra.name}, which its recipe does not make`, { chunk: extra.key });
  return arrays;
}

/** An array of the recipe, with the type of the one that was found where that holds its values. */
function asFound(array: StoredArray, layout: ItemLayout, found: readonly FoundArray[]): StoredArray {
  const { name } = array;
  const dtype = TARGET_DTYPES.find((known) => known === found.find((other) => other.name === name)?.dtype);
  const values = labelValues(layout) + (name === "labels" ? 1 : 0);
  return name !== "inputs" && dtype && holds(dtype, values) ? { ...array, dtype } : array;
}

/** Bytes of one item. */
export function storedItemBytes({ dtype, itemShape }: StoredArray): number {
  return itemShape.reduce((a, b) => a * b, bytesPerElement(dtype));
}
