import { InvalidOptionError } from "../../base/errors.js";
import { type Plan, rowLength } from "../../plan/plan.js";
import { destroyBuffers, type ItemBuffers } from "../backend.js";
import { gpuOf } from "./device/device-gpu.js";
import { StandardizeExamplesKernel } from "./kernels/standardize-examples.js";
import { StandardizeFeaturesKernel } from "./kernels/standardize-features.js";
import type { Table } from "./kernels/statistics.js";
import { perform } from "./kernels/work.js";

/** Added to each deviation, so that a constant feature becomes 0 / 1e-12 = 0. */
const EPSILON = 1e-12;

/**
 * Refuses float16, because values on a GPU would be standardized after rounding.
 *
 * @throws InvalidOptionError for float16
 */
export function refuseHalves({ dtype }: Plan): void {
  if (dtype === "float32") return;
  throw new InvalidOptionError("dtype", dtype, '"float32" for standardized outputs in GPU buffers');
}

/** Standardizes each position by itself. Destroys the buffers if this fails. See `standardizeExamples`. */
export async function standardizeExamplesOnGpu(buffers: ItemBuffers, plan: Plan, rows: number): Promise<void> {
  await onGpu(buffers, async (gpu) => {
    const kernel = await StandardizeExamplesKernel.create(gpu);
    await perform(gpu, "standardize examples", (work) => kernel.encode(work, tableOf(buffers, plan, rows)));
  });
}

/** Standardizes each feature by given statistics. Destroys the buffers if this fails. See `standardizeFeatures`. */
export async function standardizeFeaturesOnGpu(
  buffers: ItemBuffers,
  plan: Plan,
  rows: number,
  { width, mean, deviation }: { width: number; mean: Float64Array; deviation: Float64Array },
): Promise<void> {
  const statistics = Float32Array.from({ length: 2 * width }, (_, i) => (i % 2 ? deviation : mean)[i >> 1] as number);
  await onGpu(buffers, async (gpu) => {
    const kernel = await StandardizeFeaturesKernel.create(gpu);
    await perform(gpu, "standardize features", (work) => {
      const table = { ...tableOf(buffers, plan, rows), width };
      kernel.encode(work, table, { buffer: work.upload("statistics", statistics) }, EPSILON);
    });
  });
}

/** Returns the table of the projected values: a row is a position. */
function tableOf({ inputs }: ItemBuffers, plan: Plan, rows: number): Table {
  return { values: inputs, rows, width: plan.outFeatures, stride: rowLength(plan) };
}

/** Runs `work`. Destroys the buffers if it fails. */
async function onGpu(buffers: ItemBuffers, work: (gpu: ReturnType<typeof gpuOf>) => Promise<void>): Promise<void> {
  try {
    await work(gpuOf(buffers.device));
  } catch (error) {
    destroyBuffers(buffers);
    throw error;
  }
}
