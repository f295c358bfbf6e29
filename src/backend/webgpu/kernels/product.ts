import type { Gpu } from "../device/device.js";
import { Kernel } from "./kernel.js";
import type { Limbs } from "./limbs.js";
import { blocksOf } from "./matrix.js";
import { f32, groupsFor, type Work } from "./work.js";

/** The part of a whole-dataset projection to make. */
export interface ProductRange {
  /** Examples `[first, first + examples)`; at most 128 * 65535. */
  readonly first: number;
  readonly examples: number;
  readonly columns: number;
  /** Rows in the limbs; at most 64 * 65535. */
  readonly rows: number;
  /** The output row of the first example, the place of the matrix' first row in it, and values from one row to the next. */
  readonly position: number;
  readonly column: number;
  readonly stride: number;
  readonly scale: number;
}

/** Multiplies uint8 examples with a matrix in limbs, exactly. */
export class ProductKernel extends Kernel {
  static async create(gpu: Gpu): Promise<ProductKernel> {
    return new ProductKernel(await gpu.pipeline("product"));
  }

  /**
   * Writes `f32(f32(sum) * scale)`.
   *
   * @param images `[n, 16 * blocks]` uint8
   * @param limbs the limbs of one task
   * @param out `[position + examples, stride]` f32; fewer than 2^32 values
   */
  encode(work: Work, range: ProductRange, images: GPUBufferBinding, limbs: Limbs, out: GPUBufferBinding): void {
    const { first, examples, columns, rows, position, column, stride, scale } = range;
    const blocks = blocksOf(columns);
    const parameters = Uint32Array.of(first, examples, rows, blocks, position, stride, column, f32(scale));
    const groups = [groupsFor(rows, 64), groupsFor(examples, 128), 1] as const;
    work.dispatch(this.pipeline, parameters, [images, limbs.limbs, limbs.initial, out], groups);
  }
}
