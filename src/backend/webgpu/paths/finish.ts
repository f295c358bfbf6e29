import { labelCells, type Plan, rowLength } from "../../../plan/plan.js";
import { type Loans, USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { NarrowKernel } from "../kernels/narrow.js";
import { OneHotKernel } from "../kernels/one-hot.js";
import { bindingLimit } from "../kernels/ranges.js";
import { Work } from "../kernels/work.js";
import type { Dispatch } from "./path.js";

/** Where a projection writes its values, f32: position p of the batch is output row `position + p`. */
export interface Values {
  readonly out: GPUBufferBinding;
  readonly position: number;
}

/** What follows every projection that writes f32: one-hots behind the inputs, and the rounding to float16. */
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

  /** The most positions whose values and labels can be bound. */
  get maxPositions(): number {
    return bindingLimit(this.#gpu.limits) / (4 * (this.#narrow ? rowLength(this.#plan) : 1));
  }

  /**
   * Takes the buffers for the end of a batch; the function it returns has `project` encode the beginning. See
   * `PreparedPath.stage`.
   */
  async stage(
    label: string,
    batch: Dispatch,
    loans: Loans,
    project: (work: Work, values: Values) => void,
  ): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void> {
    const count = batch.indices.length;
    const width = rowLength(this.#plan);
    const scratch = this.#narrow && (await loans.take("float32 values", count * width * 4, USAGE.STORAGE));
    const given = this.#oneHot && (await loans.take("given labels", count * 4, USAGE.STORAGE | USAGE.COPY_DST));
    return (encoder, output) => {
      const work = new Work(this.#gpu.device, encoder, `taskloom ${label}`);
      // The caller submits in this same turn, so this runs after that.
      queueMicrotask(() => work.discard());
      const out = { buffer: scratch ?? output };
      const position = scratch ? 0 : batch.outputFirst;
      project(work, { out, position });
      if (this.#oneHot && given) {
        this.#gpu.device.queue.writeBuffer(given, 0, batch.given);
        const range = { positions: count, position, inputs: this.#plan.outFeatures, cells: labelCells(this.#plan) };
        this.#oneHot.encode(work, range, { buffer: given }, out);
      }
      // Batches begin at even positions, hence with a whole word.
      this.#narrow?.encode(work, count * width, out, (batch.outputFirst * width) / 2, { buffer: output });
    };
  }
}
