import type { Gpu } from "../device/device.js";
import { Kernel } from "./kernel.js";
import { BLOCK, blocksOf } from "./matrix.js";
import { f32, type Work } from "./work.js";

/** Rows `[row, row + rows)` of the matrices of some tasks, with PyTorch's numbers. */
export interface TorchMatrixRows {
  /** PyTorch's seed of each task, u32; at most 65535 tasks. */
  readonly seeds: readonly number[];
  readonly row: number;
  readonly rows: number;
  readonly columns: number;
  /** Rows of a whole matrix. PyTorch makes the last 16 values again if `outFeatures * columns` is not a multiple of 16. */
  readonly outFeatures: number;
}

/** The fewest values of a matrix. For fewer PyTorch computes in float64, which WGSL does not have. */
export const MIN_TORCH_VALUES = 16;
/** The most values of a matrix: places in it, and a few beyond, must fit into u32. */
export const MAX_TORCH_VALUES = 2 ** 28;

/**
 * Makes matrices in f32 like `torch.Tensor.normal_(0, scale)` on a CPU. Each value is within 24 * 2^-24 * r of the value of
 * assembly/torch-normal.ts, with r = sqrt(a^2 + b^2) for its pair: a and b at places j and j + 8 of a block of 16; see
 * docs/torch.md.
 */
export class TorchMatrixKernel extends Kernel {
  static async create(gpu: Gpu): Promise<TorchMatrixKernel> {
    return new TorchMatrixKernel(await gpu.pipeline("torch-matrix"));
  }

  /**
   * Writes the rows. The time is proportional to `row + rows`, because a sequence is made from its beginning.
   *
   * @param which the rows; `outFeatures * columns` from MIN_TORCH_VALUES to MAX_TORCH_VALUES
   * @param out `[tasks, rows, 16 * blocks]` f32, zero in the padding: the layout of MatrixKernel
   */
  encode(work: Work, which: TorchMatrixRows, scale: number, out: GPUBufferBinding): void {
    const { seeds, row, rows, columns, outFeatures } = which;
    const range = [outFeatures * columns, row * columns, (row + rows) * columns];
    const parameters = Uint32Array.of(...range, columns, blocksOf(columns) * BLOCK, f32(scale));
    const uploaded = { buffer: work.upload("seeds", Uint32Array.from(seeds)) };
    work.dispatch(this.pipeline, parameters, [uploaded, out], [seeds.length, 1, 1]);
  }
}
