import { checkObject, signalOf } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import { instantiate } from "../wasm/module.js";
import { Regions } from "../wasm/regions.js";

/** The module's code of the type of results. */
const FLOAT32 = 1;
/** Examples multiplied before the calling thread yields to the event loop. */
const STEP = 1024;

/** A matrix of the caller's, `[outFeatures, inFeatures]`: an object of this form, or a result of `LinearProjection.matrix()`. */
export type Matrix = Tensor<"float32", Float32Array>;

/**
 * Multiplies float32 examples with a matrix of the caller's: `[n, inFeatures]` values become `[n, outFeatures]`, each
 * within `(inFeatures + 2) * 2^-24 * sum over j of |A(i, j) * x(j)|` of the true product.
 *
 * @throws InvalidOptionError when the shapes do not fit together
 *
 * @example
 * ```ts
 * const rotation = { dtype: "float32", shape: [2, 2], data: Float32Array.of(0, -1, 1, 0) } as const;
 * const { data } = await project(rotation, Float32Array.of(3, 4)); // [-4, 3]
 * ```
 */
export async function project(
  matrix: Matrix,
  examples: Float32Array,
  options: { signal?: AbortSignal } = {},
): Promise<Tensor<"float32", Float32Array>> {
  const signal = signalOf(options);
  signal?.throwIfAborted();
  const { rows, columns, count } = checkProduct(matrix, examples);
  const data = floats(count * rows);
  const kernel = await instantiate(0n);
  const padded = Math.ceil(columns / 16) * 16;
  const step = Math.max(1, Math.min(STEP, count));
  const layout = new Regions(kernel);
  const at = {
    matrix: layout.place(rows * columns * 4),
    examples: layout.place(step * padded * 4),
    out: layout.place(step * rows * 4),
    workspace: layout.place(kernel.workspaceFloat32(step, columns)),
  };
  layout.commit();
  new Float32Array(kernel.memory.buffer, at.matrix, rows * columns).set(matrix.data);
  const region = new Float32Array(kernel.memory.buffer, at.examples, step * padded);
  for (let first = 0; first < count; first += step) {
    const n = Math.min(step, count - first);
    for (let i = 0; i < n; i++) {
      region.set(examples.subarray((first + i) * columns, (first + i + 1) * columns), i * padded);
    }
    kernel.projectGiven(at.matrix, at.examples, n, columns, rows, 1, FLOAT32, at.out, rows * 4, at.workspace);
    data.set(new Float32Array(kernel.memory.buffer, at.out, n * rows), first * rows);
    // Yields to the event loop, where the signal may be aborted.
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  return { dtype: "float32", shape: [count, rows], data };
}

/**
 * The sizes of a product.
 *
 * @throws InvalidOptionError when a matrix is none, or examples do not have its columns
 */
export function checkProduct(matrix: Matrix, examples: Float32Array): { rows: number; columns: number; count: number } {
  checkObject("matrix", matrix);
  const { data, shape } = matrix;
  if (!(data instanceof Float32Array)) throw new InvalidOptionError("matrix.data", data, "a Float32Array");
  const [rows = 0, columns = 0] = Array.isArray(shape) ? (shape as readonly number[]) : [];
  const whole = [rows, columns].every((size) => Number.isSafeInteger(size) && size > 0);
  if (!whole || shape.length !== 2 || rows * columns !== data.length) {
    throw new InvalidOptionError("matrix.shape", shape, `[rows, columns] of ${data.length} values in all`);
  }
  if (!(examples instanceof Float32Array)) {
    throw new InvalidOptionError("examples", examples, "a Float32Array; LinearProjection.apply() takes bytes too");
  }
  const count = examples.length / columns;
  if (!Number.isInteger(count)) {
    throw new InvalidOptionError("examples.length", examples.length, `a multiple of the matrix' columns, ${columns}`);
  }
  return { rows, columns, count };
}

/** An array for a result. @throws InvalidOptionError where none of this length can be made */
export function floats(length: number): Float32Array {
  try {
    return new Float32Array(length);
  } catch (cause) {
    const allowed = "what one array can hold here; give fewer examples, or rows, at a time";
    throw new InvalidOptionError("the result", `${length * 4} bytes`, allowed, { cause });
  }
}
