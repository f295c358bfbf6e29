import { checkRows, checkStatistic } from "./check-rows.js";

/**
 * Standardizes each feature by given statistics, in place: the value x of feature i becomes
 * `(x - mean[i]) / (deviation[i] + epsilon)`, in float64 with one rounding to float32: the same bits on every machine. If
 * the divisor is 0, the result is 0: with `epsilon` 0 a constant feature becomes 0, not NaN.
 *
 * @param rows `[count, stride]`, row-major
 * @param stride values from one row to the next
 * @param width the number of values of a row to standardize, 1..stride; the values behind them stay
 * @param mean `[width]`, for example from `FeatureMoments.mean()`
 * @param deviation `[width]`, the square root of `FeatureMoments.variance(ddof)`
 * @param epsilon the number added to every deviation: 0, or 1e-12 like in the PyTorch notebook
 * @throws InvalidOptionError if `count` exceeds the rows of the array, or the statistics have another width
 *
 * @example
 * ```ts
 * // The notebook's (x - x.mean((0, 1))) / (x.std((0, 1)) + 1e-12), one-hots included.
 * const moments = new FeatureMoments(794);
 * moments.add(inputs, 794, count);
 * standardizeFeatures(inputs, 794, 794, count, moments.mean(), moments.variance(1).map(Math.sqrt), 1e-12);
 * ```
 */
export function standardizeFeatures(
  rows: Float32Array,
  stride: number,
  width: number,
  count: number,
  mean: Float64Array,
  deviation: Float64Array,
  epsilon: number,
): void {
  checkRows(rows, stride, width, count, "width");
  checkStatistic("mean", mean, width);
  checkStatistic("deviation", deviation, width);
  const divisor = deviation.map((value) => value + epsilon);
  for (let row = 0; row < count; row++) {
    const start = row * stride;
    for (let i = 0; i < width; i++) {
      const by = divisor[i] as number;
      rows[start + i] = by === 0 ? 0 : ((rows[start + i] as number) - (mean[i] as number)) / by;
    }
  }
}
