import { InvalidOptionError } from "../../base/errors.js";
import { type Plan, rowLength } from "../../plan/plan.js";
import { destroyBuffers, type ItemBuffers } from "../backend.js";
import { USAGE } from "./device/buffers.js";
import { gpuOf } from "./device/device-gpu.js";
import { NormalizeKernel } from "./kernels/normalize.js";
import { StandardizeRows } from "./kernels/standardize-rows.js";
import { StatisticsKernel, type Table } from "./kernels/statistics.js";
import { perform } from "./kernels/work.js";

/** Added to deviations, so that a constant feature becomes 0 / 1e-12 = 0. */
const EPSILON = 1e-12;

/** @throws InvalidOptionError for float16: values on a GPU are standardized after they were rounded. */
export function refuseHalves({ dtype }: Plan): void {
  if (dtype === "float32") return;
  throw new InvalidOptionError("dtype", dtype, '"float32" for standardized outputs in GPU buffers');
}

/** Each position by itself; see `standardizeExamples`. */
export async function standardizeExamplesOnGpu(buffers: ItemBuffers, plan: Plan, rows: number): Promise<void> {
  await onGpu(buffers, async (gpu) => {
    const kernel = await StandardizeRows.create(gpu);
    await perform(gpu, "standardize examples", (work) => kernel.encode(work, tableOf(buffers, plan, rows)));
  });
}

/** Each feature by given statistics; see `standardizeFeatures`. */
export async function standardizeFeaturesOnGpu(
  buffers: ItemBuffers,
  plan: Plan,
  rows: number,
  { width, mean, deviation }: { width: number; mean: Float64Array; deviation: Float64Array },
): Promise<void> {
  const statistics = Float32Array.from({ length: 2 * width }, (_, i) => (i % 2 ? deviation : mean)[i >> 1] as number);
  await onGpu(buffers, async (gpu) => {
    const kernel = await NormalizeKernel.create(gpu);
    await perform(gpu, "standardize features", (work) => {
      const table = { ...tableOf(buffers, plan, rows), width };
      kernel.encode(work, table, { buffer: work.upload("statistics", statistics) }, EPSILON);
    });
  });
}

/** Each feature over the rows of the buffer. */
export async function standardizeBatchOnGpu(buffers: ItemBuffers, plan: Plan, rows: number): Promise<void> {
  await onGpu(buffers, async (gpu) => {
    const [statistics, normalize] = await Promise.all([StatisticsKernel.create(gpu), NormalizeKernel.create(gpu)]);
    await perform(gpu, "standardize a batch", (work) => {
      const table = tableOf(buffers, plan, rows);
      const moments = { buffer: work.temporary("moments", StatisticsKernel.resultBytes(table.width), USAGE.STORAGE) };
      statistics.encode(work, table, false, moments);
      normalize.encode(work, table, moments, EPSILON);
    });
  });
}

/** The projected values of every position. */
function tableOf({ inputs }: ItemBuffers, plan: Plan, rows: number): Table {
  return { values: inputs, rows, width: plan.outFeatures, stride: rowLength(plan) };
}

/** The buffers are nobody's if this fails. */
async function onGpu(buffers: ItemBuffers, work: (gpu: ReturnType<typeof gpuOf>) => Promise<void>): Promise<void> {
  try {
    await work(gpuOf(buffers.device));
  } catch (error) {
    destroyBuffers(buffers);
    throw error;
  }
}
