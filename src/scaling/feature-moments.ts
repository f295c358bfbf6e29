import { checkInteger } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";
import { checkRows } from "./check-rows.js";

/**
 * Computes the mean and variance of each feature of a stream of rows, in one pass and with `2 * width` numbers of memory.
 *
 * The algorithm is Welford's recurrence in float64, row after row. The result is a function of the sequence of rows alone:
 * the same bits on every machine, however the rows are divided into calls of `add`. A constant feature has exactly that
 * constant as its mean, and variance 0. A NaN or an infinity makes the moments of its feature NaN.
 *
 * For n rows of values of at most M the mean is within `(n / 2 + 7) * 2^-53 * M` of the true one and the population
 * variance within `(3 * n + 31) * 2^-53 * M^2`, to first order: a rounding of the mean at row k has weight k / n in the
 * end, and each squared difference has the errors of two means.
 *
 * @see B. P. Welford, Note on a method for calculating corrected sums of squares and products, Technometrics 4 (1962);
 *   `merge`: T. F. Chan, G. H. Golub, R. J. LeVeque, Algorithms for computing the sample variance (1983)
 *
 * @example
 * ```ts
 * const moments = new FeatureMoments(794);
 * for await (const { inputs } of tasks.batches(dataset)) moments.add(inputs.data, 794, inputs.data.length / 794);
 * const deviation = moments.variance(1).map(Math.sqrt);
 * ```
 */
export class FeatureMoments {
  readonly width: number;
  #count = 0;
  readonly #mean: Float64Array;
  /** Sums of squared differences from the mean. */
  readonly #squares: Float64Array;

  /**
   * @param width the number of features: the first values of each row, from 1 to 2^32
   * @throws InvalidOptionError for a width out of bounds
   */
  constructor(width: number) {
    checkInteger("width", width, 1, 2 ** 32);
    this.width = width;
    this.#mean = new Float64Array(width);
    this.#squares = new Float64Array(width);
  }

  /** The number of rows added so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds `count` rows: row r is `rows[r * stride .. r * stride + width - 1]`.
   *
   * @throws InvalidOptionError for a stride below the width, or a count above the rows of the array
   */
  add(rows: Float32Array, stride: number, count: number): void {
    checkRows(rows, stride, this.width, count, "width");
    const mean = this.#mean;
    const squares = this.#squares;
    for (let row = 0; row < count; row++) {
      this.#count += 1;
      // One division a row; the bound includes the rounding of the reciprocal.
      const share = 1 / this.#count;
      const start = row * stride;
      for (let i = 0; i < mean.length; i++) {
        const value = rows[start + i] as number;
        const before = mean[i] as number;
        const apart = value - before;
        const after = before + apart * share;
        mean[i] = after;
        squares[i] = (squares[i] as number) + apart * (value - after);
      }
    }
  }

  /**
   * Adds the rows of another `FeatureMoments`. The result agrees with that of one stream within the bound, but not in every
   * bit: for reproducible bits, merge the same parts in the same order.
   *
   * @throws InvalidOptionError if `other` has a different width
   */
  merge(other: FeatureMoments): void {
    if (other.width !== this.width) {
      throw new InvalidOptionError("other.width", other.width, `${this.width}, as these moments have`);
    }
    if (other.#count === 0) return;
    const count = this.#count + other.#count;
    const share = other.#count / count;
    for (let i = 0; i < this.width; i++) {
      const mean = this.#mean[i] as number;
      const apart = (other.#mean[i] as number) - mean;
      const between = apart * apart * share * this.#count;
      this.#squares[i] = (this.#squares[i] as number) + (other.#squares[i] as number) + between;
      // If there are no rows here, apart * 1 is exactly the other's mean.
      this.#mean[i] = mean + apart * share;
    }
    this.#count = count;
  }

  /**
   * Returns the mean of each feature, `[width]`.
   *
   * @throws InvalidOptionError if no row was added
   */
  mean(): Float64Array {
    this.#checkCount(1);
    return this.#mean.slice();
  }

  /**
   * Returns the variance of each feature, `[width]`.
   *
   * @param ddof the number subtracted from the number of rows: 0 for the population variance, 1 for the unbiased one
   * @throws InvalidOptionError if there are not more rows than `ddof`
   */
  variance(ddof: 0 | 1): Float64Array {
    checkInteger("ddof", ddof, 0, 1);
    this.#checkCount(ddof + 1);
    return this.#squares.map((squares) => squares / (this.#count - ddof));
  }

  #checkCount(least: number): void {
    if (this.#count < least) throw new InvalidOptionError("count", this.#count, `at least ${least} rows added before`);
  }
}
