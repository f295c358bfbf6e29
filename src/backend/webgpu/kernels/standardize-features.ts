import type { GpuLimits } from "../device/adapter.js";
import type { Gpu } from "../device/device.js";
import { rowsOfBinding } from "./ranges.js";
import type { Table } from "./statistics.js";
import { f32, groupsFor, MAX_GROUPS, type Work } from "./work.js";

/** Standardizes each feature by given statistics: the device's twin of `standardizeFeatures`, in f32. */
export class StandardizeFeaturesKernel {
  readonly #limits: GpuLimits;
  readonly #pipeline: GPUComputePipeline;

  static async create(gpu: Gpu): Promise<StandardizeFeaturesKernel> {
    return new StandardizeFeaturesKernel(gpu.limits, await gpu.pipeline("standardize-features"));
  }

  private constructor(limits: GpuLimits, pipeline: GPUComputePipeline) {
    this.#limits = limits;
    this.#pipeline = pipeline;
  }

  /**
   * Replaces each value by `(x - mean) / (deviation + epsilon)`, or 0 if the divisor is 0. The table may be larger than a
   * binding.
   *
   * @param statistics `[width, 2]` f32: mean, deviation
   */
  encode(work: Work, table: Table, statistics: GPUBufferBinding, epsilon: number): void {
    const { values, rows, width, stride } = table;
    const most = rowsOfBinding(this.#limits, stride * 4);
    for (let row = 0; row < rows; row += most) {
      const here = Math.min(most, rows - row);
      const part = { buffer: values, offset: row * stride * 4, size: here * stride * 4 };
      const groups = [groupsFor(width, 64), Math.min(here, MAX_GROUPS), 1] as const;
      work.dispatch(this.#pipeline, Uint32Array.of(here, width, stride, f32(epsilon)), [statistics, part], groups);
    }
  }
}
