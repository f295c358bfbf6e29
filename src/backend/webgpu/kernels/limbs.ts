import type { Gpu } from "../device/device.js";
import { TableKernel } from "./kernel.js";
import { BLOCK, blocksOf, type MatrixRows, matrixDispatch } from "./matrix.js";
import type { Work } from "./work.js";

/** Matrices in the form of the exact product. */
export interface Limbs {
  /** `[tasks, rows, blocks, 2, 16]` bytes: the low limbs of 16 columns, then the high limbs. */
  readonly limbs: GPUBufferBinding;
  /** `[tasks, rows]` i32: the initial sum of each row. */
  readonly initial: GPUBufferBinding;
}

/** Makes matrices in two 8-bit limbs. */
export class LimbsKernel extends TableKernel {
  /** @param table the 768 u32 of the deviates' table; the caller destroys it */
  static async create(gpu: Gpu, table: GPUBuffer): Promise<LimbsKernel> {
    return new LimbsKernel(await gpu.pipeline("limbs"), table);
  }

  /** Returns the bytes of `limbs` for a row of one task. */
  static rowBytes(columns: number): number {
    return blocksOf(columns) * BLOCK * 2;
  }

  /**
   * Writes the limbs of the deviates, and the initial sums for pixels minus `offset`.
   *
   * @param out the output, with at most 2^22 - 64 blocks a task and 65535 tasks. `initial` has usage COPY_DST, because it
   *   is cleared first
   */
  encode(work: Work, which: MatrixRows, offset: number, out: Limbs): void {
    const { tasks, parameters, groups } = matrixDispatch(work, which, 1, offset);
    work.encoder.clearBuffer(out.initial.buffer, out.initial.offset ?? 0, which.tasks.length * which.rows * 4);
    const storage = [{ buffer: this.table }, { buffer: tasks }, out.limbs, out.initial];
    work.dispatch(this.pipeline, parameters, storage, groups);
  }
}
