import type { Dataset } from "../../../dataset/index.js";
import type { Plan } from "../../../plan/plan.js";
import { uploadTable } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { blocksOf } from "../kernels/matrix.js";
import { ByteExamples, images } from "./examples.js";
import { typicalRun } from "./path.js";
import type { TileProblem } from "./tile-shape.js";

/**
 * Capacities of the list of nonzero blocks in workgroup memory. There are few, because each is a compilation of its own,
 * and small ones, because workgroup memory is scarce.
 */
const SKIP_CAPACITIES = [64, 256, 1024];

/** The uploads that all variants of the fused kernel read: examples, masks and the deviates' table. */
export class FusedInputs {
  readonly examples: ByteExamples;
  readonly table: GPUBuffer;
  readonly problem: Omit<TileProblem, "product">;

  /**
   * @param table the 768 u32 of the deviates' table
   * @throws WebGpuError `"out of memory"`
   */
  static async upload(gpu: Gpu, plan: Plan, dataset: Dataset, table: Uint32Array<ArrayBuffer>): Promise<FusedInputs> {
    const uploaded = await uploadTable(gpu, table);
    try {
      // A gray offset is subtracted by way of the sums of whole rows, so then no block may be skipped.
      const maskCapacity = plan.grayOffset === 0 ? skipCapacity(blocksOf(plan.features)) : 0;
      const examples = await ByteExamples.upload(gpu, images(dataset), plan.features, { maskCapacity });
      return new FusedInputs(plan, examples, uploaded);
    } catch (error) {
      uploaded.destroy();
      throw error;
    }
  }

  private constructor(plan: Plan, examples: ByteExamples, table: GPUBuffer) {
    this.examples = examples;
    this.table = table;
    const { maskCapacity: skip } = examples;
    this.problem = { rows: plan.outFeatures, blocks: blocksOf(plan.features), count: typicalRun(plan), skip };
  }

  destroy(): void {
    this.examples.destroy();
    this.table.destroy();
  }
}

function skipCapacity(blocks: number): number {
  return SKIP_CAPACITIES.find((capacity) => capacity >= blocks) ?? 0;
}
