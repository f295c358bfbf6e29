import type { Dataset } from "../../../dataset/index.js";
import type { Plan } from "../../../plan/plan.js";
import { uploadTable } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { blocksOf } from "../kernels/matrix.js";
import { ByteExamples, INTEGERS, integerBytes } from "./examples.js";
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
      // An offset makes a product of each value that is 0, so then no block may be skipped.
      const maskCapacity = plan.grayOffset === 0 ? skipCapacity(blocksOf(plan.features)) : 0;
      const dtype = plan.exampleDtype === "int16" ? "int16" : "uint8";
      const { valueBytes, blockBytes } = INTEGERS[dtype];
      // The sums of rows include the padding of int16 examples, which adds nothing where a value is the offset.
      const padding = dtype === "int16" ? plan.grayOffset : 0;
      const form = { blockBytes, padding, maskCapacity };
      const examples = await ByteExamples.upload(gpu, integerBytes(dataset, dtype), plan.features * valueBytes, form);
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
    this.problem = {
      rows: plan.outFeatures,
      blocks: blocksOf(plan.features),
      count: typicalRun(plan),
      skip,
      int16: plan.exampleDtype === "int16",
    };
  }

  destroy(): void {
    this.examples.destroy();
    this.table.destroy();
  }
}

function skipCapacity(blocks: number): number {
  return SKIP_CAPACITIES.find((capacity) => capacity >= blocks) ?? 0;
}
