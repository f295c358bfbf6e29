import type { Gpu } from "../device/device.js";
import { Kernel } from "./kernel.js";
import { groupsFor, MAX_GROUPS, type Work } from "./work.js";

/** Rounds float32 values to float16. */
export class NarrowKernel extends Kernel {
  static async create(gpu: Gpu): Promise<NarrowKernel> {
    return new NarrowKernel(await gpu.pipeline("narrow"));
  }

  /**
   * Writes binary16 bits, rounded to nearest, ties to even; two in a u32. The half above an odd last value is zero.
   *
   * @param values f32; the first `count` are rounded
   * @param first the u32 of `out` for the first two values
   */
  encode(work: Work, count: number, values: GPUBufferBinding, first: number, out: GPUBufferBinding): void {
    const groups = [Math.min(groupsFor(Math.ceil(count / 2), 64), MAX_GROUPS), 1, 1] as const;
    work.dispatch(this.pipeline, Uint32Array.of(count, first), [values, out], groups);
  }
}
