import type { ItemBuffers } from "../backend/backend.js";
import { loadChunk } from "../backend/webgpu/load.js";
import { float32ToFloat16 } from "../base/float16.js";
import { type Plan, rowLength } from "../plan/plan.js";
import { FeatureMoments } from "./feature-moments.js";
import { standardizeFeatures } from "./standardize-features.js";

/** Standardizes each feature over the positions of a batch, by the population deviation; one-hots stay as they are. */
export const scaleBatch = {
  /** Takes float32 values, in place, and gives what the plan's type wants. */
  onHost(values: Float32Array<ArrayBuffer>, plan: Plan): Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
    const stride = rowLength(plan);
    const rows = values.length / stride;
    const moments = new FeatureMoments(plan.outFeatures);
    moments.add(values, stride, rows);
    const deviation = moments.variance(0).map(Math.sqrt);
    standardizeFeatures(values, stride, plan.outFeatures, rows, moments.mean(), deviation, 0);
    return plan.dtype === "float32" ? values : float32ToFloat16(values);
  },

  async onGpu(buffers: ItemBuffers, plan: Plan, items: number): Promise<void> {
    const { refuseHalves, standardizeBatchOnGpu } = await loadChunk();
    refuseHalves(plan);
    await standardizeBatchOnGpu(buffers, plan, items * plan.length);
  },
};
