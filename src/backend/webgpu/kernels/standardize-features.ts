import type { Gpu } from "../device/device.js";
import { TablePartsKernel } from "./kernel.js";
import type { Table } from "./statistics.js";
import { f32, groupsFor, MAX_GROUPS, type Work } from "./work.js";

/** Standardizes each feature by given statistics: the device's twin of `standardizeFeatures`, in f32. */
export class StandardizeFeaturesKernel extends TablePartsKernel {
  static async create(gpu: Gpu): Promise<StandardizeFeaturesKernel> {
    return new StandardizeFeaturesKernel(gpu.limits, await gpu.pipeline("standardize-features"));
  }

  /**
   * Replaces each value by `(x - mean) / (deviation + epsilon)`, or 0 if the divisor is 0. The table may be larger than a
   * binding.
   *
   * @param statistics `[width, 2]` f32: mean, deviation
   */
  encode(work: Work, table: Table, statistics: GPUBufferBinding, epsilon: number): void {
    const { width, stride } = table;
    this.eachPart(table, (rows, part) => {
      const groups = [groupsFor(width, 64), Math.min(rows, MAX_GROUPS), 1] as const;
      work.dispatch(this.pipeline, Uint32Array.of(rows, width, stride, f32(epsilon)), [statistics, part], groups);
    });
  }
}
