import { seedWords } from "../../../stream/seed.js";
import type { Gpu } from "../device/device.js";
import { TableKernel } from "./kernel.js";
import { f32, groupsFor, type Work } from "./work.js";

/** Rows `[row, row + rows)` of the matrices of some tasks. */
export interface MatrixRows {
  readonly seed: bigint;
  readonly tasks: readonly number[];
  readonly row: number;
  readonly rows: number;
  readonly columns: number;
  /** True for the identity matrix instead of deviates. Default false. */
  readonly identity?: boolean;
}

/** Columns of a key-stream block. Rows are padded to whole blocks. */
export const BLOCK = 16;

export function blocksOf(columns: number): number {
  return Math.ceil(columns / BLOCK);
}

/** Makes matrices in f32. */
export class MatrixKernel extends TableKernel {
  /** @param table the 768 u32 of the deviates' table; the caller destroys it */
  static async create(gpu: Gpu, table: GPUBuffer): Promise<MatrixKernel> {
    return new MatrixKernel(await gpu.pipeline("matrix"), table);
  }

  /** Returns the bytes of `out` for a row of one task. */
  static rowBytes(columns: number): number {
    return blocksOf(columns) * BLOCK * 4;
  }

  /**
   * Writes A(i, j) = f32(g(i, j)) * scale.
   *
   * @param out `[tasks, rows, 16 * blocks]` f32, zero in the padding; at most 2^22 - 64 blocks a task, 65535 tasks
   */
  encode(work: Work, which: MatrixRows, scale: number, out: GPUBufferBinding): void {
    const { tasks, parameters, groups } = matrixDispatch(work, which, scale, 0);
    work.dispatch(this.pipeline, parameters, [{ buffer: this.table }, { buffer: tasks }, out], groups);
  }
}

/** Returns the common part of the dispatches of matrix.wgsl and limbs.wgsl. */
export function matrixDispatch(work: Work, which: MatrixRows, scale: number, offset: number) {
  const { seed, tasks, row, rows, columns, identity = false } = which;
  const blocks = blocksOf(columns);
  const [low, high] = seedWords(seed);
  return {
    tasks: work.upload("tasks", Uint32Array.from(tasks)),
    parameters: Uint32Array.of(low, high, row, rows, columns, blocks, f32(scale), offset, identity ? 1 : 0),
    groups: [groupsFor(rows * blocks, 64), tasks.length, 1] as const,
  };
}
