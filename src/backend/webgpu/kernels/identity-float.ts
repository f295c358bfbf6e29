import type { Gpu } from "../device/device.js";
import { Kernel } from "./kernel.js";
import { f32, groupsFor, MAX_GROUPS, type Work } from "./work.js";

/** The positions to copy, and their places. */
export interface IdentityRange {
  /** The number of positions; their examples are the first entries of `indices`. */
  readonly positions: number;
  readonly columns: number;
  readonly rows: number;
  /** The output row of the first position, and values from one row to the next. */
  readonly position: number;
  readonly stride: number;
  readonly scale: number;
}

/** The identity projection of float32 examples: copies gathered examples, scaled. */
export class IdentityFloatKernel extends Kernel {
  static async create(gpu: Gpu): Promise<IdentityFloatKernel> {
    return new IdentityFloatKernel(await gpu.pipeline("identity-float"));
  }

  /**
   * Writes `f32(x * scale)`; zeros in rows beyond the columns.
   *
   * @param examples `[n, 4 * ceil(columns / 4)]` f32
   * @param indices u32
   * @param out `[position + positions, stride]` f32
   */
  encode(
    work: Work,
    range: IdentityRange,
    examples: GPUBufferBinding,
    indices: GPUBufferBinding,
    out: GPUBufferBinding,
  ): void {
    const { positions, columns, rows, position, stride, scale } = range;
    const example = Math.ceil(columns / 4);
    const parameters = Uint32Array.of(columns, example, rows, positions, position, stride, f32(scale));
    const groups = [groupsFor(rows, 64), Math.min(positions, MAX_GROUPS), 1] as const;
    work.dispatch(this.pipeline, parameters, [examples, indices, out], groups);
  }
}
