import type { Gpu } from "../device/device.js";
import { f32, groupsFor, MAX_GROUPS, type Work } from "./work.js";

/** Which positions are copied, and where to. */
export interface IdentityRange {
  /** Positions, the examples of which are the first of `indices`. */
  readonly positions: number;
  readonly columns: number;
  readonly rows: number;
  /** The first position's place among the output rows, and values from one to the next. */
  readonly position: number;
  readonly stride: number;
  readonly scale: number;
}

/** Projects float32 examples by the identity matrix: copies gathered ones, scaled. */
export class IdentityFloatKernel {
  readonly #pipeline: GPUComputePipeline;

  static async create(gpu: Gpu): Promise<IdentityFloatKernel> {
    return new IdentityFloatKernel(await gpu.pipeline("identity-float"));
  }

  private constructor(pipeline: GPUComputePipeline) {
    this.#pipeline = pipeline;
  }

  /**
   * Writes `f32(x * scale)`, zero in rows beyond the columns.
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
    work.dispatch(this.#pipeline, parameters, [examples, indices, out], groups);
  }
}
