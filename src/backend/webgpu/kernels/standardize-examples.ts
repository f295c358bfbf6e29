import type { Gpu } from "../device/device.js";
import { TablePartsKernel } from "./kernel.js";
import type { Table } from "./statistics.js";
import type { Work } from "./work.js";

/** Invocations of a row: `LANES` of standardize-examples.wgsl. */
const LANES = 64;
/** The most workgroups: enough to fill the largest devices, which run about 2^18 invocations at a time. */
export const MOST_GROUPS = 4096;

/**
 * Standardizes each row by itself: the device's twin of `standardizeExamples`, in f32. Rows of equal values become zeros.
 *
 * A result z is within `StandardizeExamplesKernel.bound(features) * (|z| + 1)` of the true one, for finite values of at most 2^18
 * deviations, and deviations between 2^-60 and 2^60, so that squares neither overflow nor vanish. With u = 2^-24 and A
 * additions on a value's way into a sum: the mean's correction is off by (A + 6) u of a deviation, the variance by
 * (6 A + 44) u of itself and hence its root by half of that, the inverse root by 2 ulp = 4 u, the product and the two
 * differences by u each. The 2^18 keep the first mean, which the correction starts from, within a deviation of the true
 * one.
 */
export class StandardizeExamplesKernel extends TablePartsKernel {
  static async create(gpu: Gpu): Promise<StandardizeExamplesKernel> {
    return new StandardizeExamplesKernel(gpu.limits, await gpu.pipeline("standardize-examples"));
  }

  /** Returns the bound on the error of a result z, divided by `|z| + 1`; see above. */
  static bound(features: number): number {
    const additions = Math.ceil(features / LANES) + Math.log2(LANES);
    return (3 * additions + 30) * 2 ** -24;
  }

  /**
   * Replaces the first `table.width` values of each row. The values behind them, a one-hot, stay. The table may be larger
   * than a binding.
   */
  encode(work: Work, table: Table): void {
    const { width, stride } = table;
    this.eachPart(table, (rows, part) => {
      work.dispatch(this.pipeline, Uint32Array.of(rows, width, stride), [part], [Math.min(rows, MOST_GROUPS), 1, 1]);
    });
  }
}
