import { createHash } from "node:crypto";
import { checkText, signalOf } from "../../base/check.js";
import { float16ToFloat32 } from "../../base/float16.js";
import { numbersOf } from "../../base/integers.js";
import { bytesPerElement, type TargetDtype } from "../../base/tensor.js";
import { pathFiles } from "../../files/folder.js";
import type { Recipe } from "../../plan/recipe.js";
import { labelValuesOf } from "../../plan/set-layout.js";
import type { StoredArray } from "../../store/arrays.js";
import { openSet } from "../../store/open-set.js";
import { readBytesOf } from "../../store/rows.js";
import type { StoredSet } from "../../store/stored-set.js";
import { GENERATED } from "./verification.js";

/** The result of `inspect`. */
export interface Inspection {
  /** The recipe of the task set. */
  readonly recipe: Recipe;
  /** The array of inputs. */
  readonly inputs: ArrayReport & {
    /** The statistics of each feature. */
    readonly features: FeatureStatistics;
  };
  /** The array of targets. */
  readonly targets: ArrayReport & {
    /** The number of occurrences of each label. */
    readonly counts: readonly number[];
  };
}

/** The type, shape and digest of an array. */
export interface ArrayReport {
  /** The type of one element. */
  readonly dtype: string;
  /** Sizes from the slowest to the fastest dimension. */
  readonly shape: readonly number[];
  /** Lower-case hex SHA-256 of the values, without the .npy header. */
  readonly sha256: string;
}

/** Over all positions, one entry for each value of a position (the last dimension). */
export interface FeatureStatistics {
  /** The mean of each feature. */
  readonly mean: readonly number[];
  /** Population deviation. */
  readonly standardDeviation: readonly number[];
  /** The smallest value of all features. */
  readonly minimum: number;
  /** The largest value of all features. */
  readonly maximum: number;
}

/** Values read at a time, about. */
const BLOCK = 2 ** 20;

/**
 * Reads a generated folder through once and reports on it, in memory that does not grow with its size.
 *
 * @throws StoreError when a file is missing, foreign or damaged, RecipeError when the recipe is
 */
export async function inspect(path: string, options: { signal?: AbortSignal } = {}): Promise<Inspection> {
  checkText("path", path, GENERATED);
  const signal = signalOf(options);
  const set = await openSet(pathFiles(path), signal);
  const [inputs, targets] = set.arrays as [StoredArray, StoredArray];
  return {
    recipe: set.recipe,
    inputs: await inspectInputs(set, inputs, signal),
    targets: await inspectTargets(set, targets, signal),
  };
}

async function inspectInputs(
  set: StoredSet,
  array: StoredArray,
  signal: AbortSignal | undefined,
): Promise<Inspection["inputs"]> {
  const { dtype } = array;
  const shape = [set.items, ...array.itemShape];
  const width = shape.at(-1) as number;
  const hash = createHash("sha256");
  const sum = new Float64Array(width);
  const squares = new Float64Array(width);
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  let rows = 0;
  // Deviations are taken from the first row, which keeps the sums of squares small.
  let origin: Float32Array | undefined;
  for await (const bytes of blocks(set, array, width, signal)) {
    hash.update(bytes);
    const values =
      dtype === "float16" ? float16ToFloat32(new Uint16Array(bytes.buffer)) : new Float32Array(bytes.buffer);
    origin ??= values.slice(0, width);
    for (let at = 0; at < values.length; at += width) {
      for (let i = 0; i < width; i++) {
        const value = values[at + i] as number;
        const d = value - (origin[i] as number);
        sum[i] = (sum[i] as number) + d;
        squares[i] = (squares[i] as number) + d * d;
        if (value < minimum) minimum = value;
        if (value > maximum) maximum = value;
      }
    }
    rows += values.length / width;
  }
  const mean = Array.from(sum, (s, i) => s / rows + (origin?.[i] ?? 0));
  const standardDeviation = Array.from(squares, (q, i) =>
    Math.sqrt(Math.max(0, q / rows - ((sum[i] as number) / rows) ** 2)),
  );
  return { dtype, shape, sha256: hash.digest("hex"), features: { mean, standardDeviation, minimum, maximum } };
}

async function inspectTargets(
  set: StoredSet,
  array: StoredArray,
  signal: AbortSignal | undefined,
): Promise<Inspection["targets"]> {
  const { dtype } = array;
  const shape = [set.items, ...array.itemShape];
  const hash = createHash("sha256");
  const counts = new Array<number>(labelValuesOf(set.recipe)).fill(0);
  for await (const bytes of blocks(set, array, 1, signal)) {
    hash.update(bytes);
    const labels = numbersOf(dtype as TargetDtype, bytes.buffer);
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i] as number;
      counts[label] = (counts[label] ?? 0) + 1;
    }
  }
  return { dtype, shape, sha256: hash.digest("hex"), counts };
}

/** Yields the values of an array in blocks of whole rows. */
async function* blocks(
  set: StoredSet,
  array: StoredArray,
  width: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const size = bytesPerElement(array.dtype);
  const total = array.itemShape.reduce((a, b) => a * b, set.items);
  const step = Math.max(1, Math.floor(BLOCK / width)) * width;
  for (let first = 0; first < total; first += step) {
    signal?.throwIfAborted();
    yield await readBytesOf(set, array, first * size, Math.min(step, total - first) * size, signal);
  }
}
