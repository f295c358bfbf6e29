import { checkInteger, checkOptions } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";
import { float16ToFloat32, float32ToFloat16 } from "../base/float16.js";
import type { InputTensor } from "../base/tensor.js";
import { FeatureMoments } from "./feature-moments.js";
import { standardizeFeatures } from "./standardize-features.js";

/**
 * Standardizes the inputs of a batch in place: each feature becomes `(x - mean) / deviation`, with its mean and population
 * deviation over all positions of the batch. A feature that is constant in the batch becomes 0. Targets and labels stay.
 *
 * The result depends on which tasks are in the batch. The options `outputScaling: "example"` and `"set"` do not have this
 * property.
 *
 * The arithmetic is float64 in the order of the positions, with one rounding to float32 at the end, so every machine gives
 * the same bits. float16 inputs are converted to float32 first; the float32 result is rounded to the nearest float16.
 *
 * For a batch in GPU buffers call `gpuStatistics` and `gpuNormalize`.
 *
 * @param batch a batch with float32 or float16 `inputs` of shape `[tasks, length, width]`, `[n, width]` or any other with
 *   the features in the last dimension
 * @param features the number of values of a position to standardize, from 1 to width; the values behind them stay. Default:
 *   width, which includes one-hots. Pass `outFeatures` to leave one-hots as they are
 * @returns the same batch
 * @throws InvalidOptionError for `features` out of bounds, and for a batch without typed arrays
 *
 * @example
 * ```ts
 * for await (const batch of tasks.batches(dataset, { batchSize: 64 })) {
 *   standardizeBatch(batch, { features: 784 }); // inputs [64, 100, 794]: 784 projected pixels, then one-hots
 * }
 * ```
 */
export function standardizeBatch<
  B extends {
    /** The inputs, with the features in the last dimension. */
    readonly inputs: InputTensor;
  },
>(batch: B, options: { features?: number } = {}): B {
  checkOptions<{ features?: number }>(options, { features: true });
  const { features } = options;
  const { shape, data } = ((batch ?? {}) as Partial<B>).inputs ?? {};
  if (!Array.isArray(shape)) throw new InvalidOptionError("batch", batch, "a batch with the array inputs");
  if (!(data instanceof Float32Array || data instanceof Uint16Array)) {
    const allowed = "a Float32Array or Uint16Array; for GPU buffers call gpuStatistics() and gpuNormalize()";
    throw new InvalidOptionError("batch.inputs.data", data, allowed);
  }
  const stride = shape.at(-1) ?? 0;
  const width = features ?? stride;
  checkInteger("features", width, 1, stride);
  const rows = data.length / stride;
  if (rows === 0) return batch;
  const values = data instanceof Float32Array ? data : float16ToFloat32(data);
  const moments = new FeatureMoments(width);
  moments.add(values, stride, rows);
  standardizeFeatures(values, stride, width, rows, moments.mean(), moments.variance(0).map(Math.sqrt), 0);
  if (data instanceof Uint16Array) data.set(float32ToFloat16(values));
  return batch;
}
