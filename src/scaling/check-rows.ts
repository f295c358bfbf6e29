import { checkInteger } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";

/**
 * Checks that `rows` holds `count` rows of `stride` values. Only the first `used` values of a row matter; the last row may
 * end after them.
 *
 * @throws InvalidOptionError for a stride, a width or a count that contradict each other or exceed the array
 */
export function checkRows(rows: Float32Array, stride: number, used: number, count: number, usedName: string): void {
  checkInteger(usedName, used, 1, 2 ** 32);
  checkInteger("stride", stride, used, 2 ** 32);
  checkInteger("count", count, 0, 2 ** 53 - 1);
  const needed = count === 0 ? 0 : (count - 1) * stride + used;
  if (rows.length < needed) {
    throw new InvalidOptionError(
      "rows.length",
      rows.length,
      `at least ${needed} for ${count} rows of ${stride} values`,
    );
  }
}

/**
 * Checks per-feature statistics.
 *
 * @throws InvalidOptionError if the array's length is not the width
 */
export function checkStatistic(name: string, statistic: ArrayLike<number>, width: number): void {
  if (statistic.length !== width)
    throw new InvalidOptionError(`${name}.length`, statistic.length, `${width}, the width`);
}
