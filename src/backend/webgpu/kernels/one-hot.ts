import type { Gpu } from "../device/device.js";
import { groupsFor, MAX_GROUPS, type Work } from "./work.js";

/** Which positions get a one-hot. */
export interface OneHotRange {
  readonly positions: number;
  /** The first one's place among the output rows. */
  readonly position: number;
  /** Values before the one-hot, and values of it. */
  readonly inputs: number;
  readonly cells: number;
}

/** Writes the one-hot of the given label behind the inputs. */
export class OneHotKernel {
  readonly #pipeline: GPUComputePipeline;

  static async create(gpu: Gpu): Promise<OneHotKernel> {
    return new OneHotKernel(await gpu.pipeline("one-hot"));
  }

  private constructor(pipeline: GPUComputePipeline) {
    this.#pipeline = pipeline;
  }

  /**
   * @param given u32, the label of each position; anything that is no cell where none is given
   * @param out `[position + positions, inputs + cells]` f32
   */
  encode(work: Work, range: OneHotRange, given: GPUBufferBinding, out: GPUBufferBinding): void {
    const { positions, position, inputs, cells } = range;
    const groups = [groupsFor(cells, 64), Math.min(positions, MAX_GROUPS), 1] as const;
    work.dispatch(this.#pipeline, Uint32Array.of(inputs, cells, positions, position), [given, out], groups);
  }
}
