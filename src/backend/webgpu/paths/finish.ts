import { labelCells, type Plan, rowLength } from "../../../plan/plan.js";
import { type Loans, USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { NarrowKernel } from "../kernels/narrow.js";
import { OneHotKernel } from "../kernels/one-hot.js";
import { bindingLimit } from "../kernels/ranges.js";
import { Work } from "../kernels/work.js";
import type { Dispatch } from "./path.js";

/** The f32 output of a projection: position p of the dispatch is row `position + p` of `out`. */
export interface Values {
  readonly out: GPUBufferBinding;
  readonly position: number;
}

/** The steps after a projection that writes f32: the one-hots, and the rounding to float16. */
export class Finish {
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #oneHot: OneHotKernel | undefined;
  readonly #narrow: NarrowKernel | undefined;

  static async create(gpu: Gpu, plan: Plan): Promise<Finish> {
    const [oneHot, narrow] = await Promise.all([
      labelCells(plan) > 0 ? OneHotKernel.create(gpu) : undefined,
      plan.dtype === "float16" ? NarrowKernel.create(gpu) : undefined,
    ]);
    return new Finish(gpu, plan, oneHot, narrow);
  }

  private constructor(gpu: Gpu, plan: Plan, oneHot: OneHotKernel | undefined, narrow: NarrowKernel | undefined) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#oneHot = oneHot;
    this.#narrow = narrow;
  }

  /** The most positions whose values and labels fit into a binding. */
  get maxPositions(): number {
    return bindingLimit(this.#gpu.limits) / (4 * (this.#narrow ? rowLength(this.#plan) : 1));
  }

  /**
   * Takes the buffers for these steps. Returns a function that calls `project` to encode the projection and then encodes
   * the steps. See `PreparedPath.stage`.
   */
  async stage(
    label: string,
    dispatch: Dispatch,
    loans: Loans,
    project: (work: Work, values: Values) => void,
  ): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void> {
    const count = dispatch.indices.length;
    const width = rowLength(this.#plan);
    const scratch = this.#narrow && (await loans.take("float32 values", count * width * 4, USAGE.STORAGE));
    const given = this.#oneHot && (await loans.take("given labels", count * 4, USAGE.STORAGE | USAGE.COPY_DST));
    return (encoder, output) => {
      const work = new Work(this.#gpu.device, encoder, `taskloom ${label}`);
      // The caller submits synchronously, so the microtask runs after the submission.
      queueMicrotask(() => work.discard());
      const out = { buffer: scratch ?? output };
      const position = scratch ? 0 : dispatch.outputFirst;
      project(work, { out, position });
      if (this.#oneHot && given) {
        this.#gpu.device.queue.writeBuffer(given, 0, dispatch.given);
        const range = { positions: count, position, inputs: this.#plan.outFeatures, cells: labelCells(this.#plan) };
        this.#oneHot.encode(work, range, { buffer: given }, out);
      }
      // Dispatches begin at even positions, so at whole words.
      this.#narrow?.encode(work, count * width, out, (dispatch.outputFirst * width) / 2, { buffer: output });
    };
  }
}
