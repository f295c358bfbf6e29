import type { Gpu } from "../device.js";
import { groupsFor, MAX_GROUPS, type Work } from "./work.js";

/** Which positions get a one-hot. */
export interface OneHotRange {
  readonly positions: number;
  /** The first one's place among the output rows. */
  readonly position: number;
  /** Values before the one-hot, and values of it. */
  readonly inputs: number;
  readonly classes: number;
}

/** Writes the one-hot of the previous permuted label behind the inputs. */
export class OneHotKernel {
  readonly #pipeline: GPUComputePipeline;

  static async create(gpu: Gpu): Promise<OneHotKernel> {
    return new OneHotKernel(await gpu.pipeline("one-hot"));
  }

  private constructor(pipeline: GPUComputePipeline) {
    this.#pipeline = pipeline;
  }

  /**
   * @param previous u32, the label before each position; anything that is no class where there is none
   * @param out `[position + positions, inputs + classes]` f32
   */
  encode(work: Work, range: OneHotRange, previous: GPUBufferBinding, out: GPUBufferBinding): void {
    const { positions, position, inputs, classes } = range;
    const groups = [groupsFor(classes, 64), Math.min(positions, MAX_GROUPS), 1] as const;
    work.dispatch(this.#pipeline, Uint32Array.of(inputs, classes, positions, position), [previous, out], groups);
  }
}
