import type { WovenBuffers } from "../backend/backend.js";
import { type Plan, rowLength } from "../backend/plan.js";
import { float32ToFloat16 } from "../store/float16.js";
import { FeatureMoments } from "./feature-moments.js";
import { standardiseFeatures } from "./standardise-features.js";

/** Standardises each feature over the positions of a batch, by the population deviation; one-hots stay as they are. */
export const scaleBatch = {
  /** Takes float32 values, in place, and gives what the plan's type wants. */
  onHost(values: Float32Array<ArrayBuffer>, plan: Plan): Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
    const stride = rowLength(plan);
    const rows = values.length / stride;
    const moments = new FeatureMoments(plan.outFeatures);
    moments.add(values, stride, rows);
    const deviation = moments.variance(0).map(Math.sqrt);
    standardiseFeatures(values, stride, plan.outFeatures, rows, moments.mean(), deviation, 0);
    return plan.dtype === "float32" ? values : float32ToFloat16(values);
  },

  async onGpu(buffers: WovenBuffers, plan: Plan, items: number): Promise<void> {
    const { refuseHalves, standardiseBatchOnGpu } = await import("../gpu-code.js");
    refuseHalves(plan);
    await standardiseBatchOnGpu(buffers, plan, items * plan.length);
  },
};
