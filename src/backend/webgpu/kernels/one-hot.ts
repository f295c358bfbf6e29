import type { Gpu } from "../device/device.js";
import { Kernel } from "./kernel.js";
import { groupsFor, MAX_GROUPS, type Work } from "./work.js";

/** The positions that get a one-hot. */
export interface OneHotRange {
  readonly positions: number;
  /** The output row of the first position. */
  readonly position: number;
  /** Values before the one-hot, and cells of the one-hot. */
  readonly inputs: number;
  readonly cells: number;
}

/** Writes the one-hot of each position's given label behind its inputs. */
export class OneHotKernel extends Kernel {
  static async create(gpu: Gpu): Promise<OneHotKernel> {
    return new OneHotKernel(await gpu.pipeline("one-hot"));
  }

  /**
   * @param given u32, the given label of each position; for no label, a number that is not a cell
   * @param out `[position + positions, inputs + cells]` f32
   */
  encode(work: Work, range: OneHotRange, given: GPUBufferBinding, out: GPUBufferBinding): void {
    const { positions, position, inputs, cells } = range;
    const groups = [groupsFor(cells, 64), Math.min(positions, MAX_GROUPS), 1] as const;
    work.dispatch(this.pipeline, Uint32Array.of(inputs, cells, positions, position), [given, out], groups);
  }
}
