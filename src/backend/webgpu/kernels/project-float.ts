import type { Gpu } from "../device/device.js";
import { blocksOf } from "./matrix.js";
import { f32, groupsFor, MAX_GROUPS, type Work } from "./work.js";

/** The positions to project, and their places. */
export interface FloatRange {
  /** Tasks, at most 65535, and positions of each. Position p of task t has the example `indices[first + t * positions + p]`. */
  readonly tasks: number;
  readonly first: number;
  readonly positions: number;
  readonly columns: number;
  /** Rows of each matrix; at most 64 * 65535. */
  readonly rows: number;
  /** True if all tasks share one matrix. Default false. */
  readonly shared?: boolean;
  /** The output row of the first position, the place of the matrix' first row in it, and values from one row to the next. */
  readonly position: number;
  readonly column: number;
  readonly stride: number;
  readonly scale: number;
}

/** The factors and the output. */
export interface FloatBuffers {
  /** `[n, 4 * ceil(columns / 4)]` f32, zero in the padding. */
  readonly examples: GPUBufferBinding;
  /** u32 */
  readonly indices: GPUBufferBinding;
  /** `[tasks, rows, 16 * blocks]` f32, or `[rows, 16 * blocks]` if shared; finite in the padding. */
  readonly matrices: GPUBufferBinding;
  /** `[position + tasks * positions, stride]` f32; fewer than 2^32 values. */
  readonly out: GPUBufferBinding;
}

/** Possible positions of an invocation: REACH of the shader. */
const REACHES = [1, 2, 4, 8] as const;

/** Multiplies gathered float32 examples with f32 matrices. */
export class ProjectFloatKernel {
  readonly #pipeline: GPUComputePipeline;
  readonly #tile: number;

  /** @param typical the usual number of positions of a task. It sets the size of tiles; the results are right for any */
  static async create(gpu: Gpu, typical: number): Promise<ProjectFloatKernel> {
    const REACH = REACHES.find((reach) => 16 * reach >= typical) ?? 8;
    return new ProjectFloatKernel(await gpu.pipeline("project-float", { REACH }), 16 * REACH);
  }

  private constructor(pipeline: GPUComputePipeline, tile: number) {
    this.#pipeline = pipeline;
    this.#tile = tile;
  }

  /** The most positions of a task in a dispatch. */
  get maxPositions(): number {
    return this.#tile * MAX_GROUPS;
  }

  /**
   * Writes `f32(sum * scale)`. The error is at most `(columns + 2) * 2^-24 * sum over j of |scale * A(i, j) * x(j)|`.
   */
  encode(work: Work, range: FloatRange, buffers: FloatBuffers): void {
    const { tasks, first, positions, columns, rows, shared = false, position, column, stride, scale } = range;
    const blocks = blocksOf(columns);
    const example = Math.ceil(columns / 4);
    const matrix = shared ? 0 : 4 * rows * blocks;
    const from = [first, positions, example, rows, blocks, matrix];
    const parameters = Uint32Array.of(...from, position, stride, column, f32(scale));
    const storage = [buffers.examples, buffers.indices, buffers.matrices, buffers.out];
    const groups = [groupsFor(rows, 64), groupsFor(positions, this.#tile), tasks] as const;
    work.dispatch(this.#pipeline, parameters, storage, groups);
  }
}
