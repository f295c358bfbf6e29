import { checkInteger } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";
import { checkRows } from "./check-rows.js";

/**
 * Mean and variance of each feature of a stream of rows, in one pass and in `width` numbers of memory.
 *
 * Welford's recurrence in float64, row after row in the order given, so the result is a function of the sequence of rows
 * alone: how they were cut into calls of `add` does not show in a single bit, on any machine. A feature that is constant
 * has exactly that constant as mean, and variance 0. A NaN or an infinity makes its feature's moments NaN.
 *
 * For n rows of values of at most M the mean is within `(n / 2 + 7) * 2^-53 * M` of the true one and the population
 * variance within `(3 * n + 31) * 2^-53 * M^2`, to first order: a rounding of the mean at row k weighs k / n in the end,
 * and each squared difference carries the error of both means that it is taken from.
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
   * @param width features counted of each row, from 1
   * @throws InvalidOptionError for a width out of bounds
   */
  constructor(width: number) {
    checkInteger("width", width, 1, 2 ** 32);
    this.width = width;
    this.#mean = new Float64Array(width);
    this.#squares = new Float64Array(width);
  }

  /** Rows seen so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes in `count` rows: row r is `rows[r * stride .. r * stride + width - 1]`.
   *
   * @throws InvalidOptionError for a stride below the width, or more rows than there are
   */
  add(rows: Float32Array, stride: number, count: number): void {
    checkRows(rows, stride, this.width, count, "width");
    const mean = this.#mean;
    const squares = this.#squares;
    for (let row = 0; row < count; row++) {
      this.#count += 1;
      // One division a row: the rounding of the reciprocal is in the bound.
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
   * Takes in the rows that another one has seen, as if they followed. The true moments are the same as those of one
   * stream; the last bits need not be, so where bits count, merge the same parts in the same order every time.
   *
   * @throws InvalidOptionError for moments of another width
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
      // Without rows here the other's mean is taken over as it is: apart * 1 is that mean.
      this.#mean[i] = mean + apart * share;
    }
    this.#count = count;
  }

  /**
   * The mean of each feature, `[width]`.
   *
   * @throws InvalidOptionError before any row was added
   */
  mean(): Float64Array {
    this.#checkCount(1);
    return this.#mean.slice();
  }

  /**
   * The variance of each feature, `[width]`.
   *
   * @param ddof subtracted from the number of rows: 0 for the population's variance, 1 for the unbiased one
   * @throws InvalidOptionError with no more rows than `ddof`
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
