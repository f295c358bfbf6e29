import { checkRows } from "./check-rows.js";

/**
 * Standardizes each row by itself, in place: its first `features` values become `(x - mean) / deviation`, with their own
 * mean and population deviation. The values behind them, a one-hot, stay. So each projection gets mean 0 and variance 1,
 * independent of the other examples.
 *
 * The arithmetic is float64 in two passes, in order, with one rounding to float32: the same bits on every machine. A row of
 * equal values becomes zeros (the mean is exact up to 2^29 features). A NaN or an infinity makes its row NaN.
 *
 * @param rows `[count, stride]`, row-major
 * @param stride values from one row to the next
 * @param features the number of values of a row to standardize, 1..stride
 * @throws InvalidOptionError if `count` exceeds the rows of the array, or `features` exceeds a row
 *
 * @example
 * ```ts
 * const [tasks, length, width] = batch.inputs.shape; // [64, 100, 794]
 * standardizeExamples(batch.inputs.data, width, 784, tasks * length);
 * ```
 */
export function standardizeExamples(rows: Float32Array, stride: number, features: number, count: number): void {
  checkRows(rows, stride, features, count, "features");
  for (let row = 0; row < count; row++) {
    const start = row * stride;
    const end = start + features;
    let sum = 0;
    for (let i = start; i < end; i++) sum += rows[i] as number;
    const mean = sum / features;
    let squares = 0;
    for (let i = start; i < end; i++) {
      const apart = (rows[i] as number) - mean;
      squares += apart * apart;
    }
    if (squares === 0) {
      rows.fill(0, start, end);
      continue;
    }
    const deviation = Math.sqrt(squares / features);
    for (let i = start; i < end; i++) rows[i] = ((rows[i] as number) - mean) / deviation;
  }
}
