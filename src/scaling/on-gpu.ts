import { destroyBuffers, type WovenBuffers } from "../backend/backend.js";
import { type Plan, rowLength } from "../backend/plan.js";
import { USAGE } from "../backend/webgpu/buffers.js";
import { gpuOf } from "../backend/webgpu/device-gpu.js";
import { NormaliseKernel } from "../backend/webgpu/kernels/normalise.js";
import { StandardiseRows } from "../backend/webgpu/kernels/standardise-rows.js";
import { StatisticsKernel, type Table } from "../backend/webgpu/kernels/statistics.js";
import { perform } from "../backend/webgpu/kernels/work.js";
import { InvalidOptionError } from "../errors.js";

/** Added to deviations, so that a constant feature becomes 0 / 1e-12 = 0. */
const EPSILON = 1e-12;

/** @throws InvalidOptionError for float16: values on a GPU are standardised after they were rounded. */
export function refuseHalves({ dtype }: Plan): void {
  if (dtype === "float32") return;
  throw new InvalidOptionError("dtype", dtype, '"float32" for standardised outputs in GPU buffers');
}

/** Each position by itself; see `standardiseExamples`. */
export async function standardiseExamplesOnGpu(buffers: WovenBuffers, plan: Plan, rows: number): Promise<void> {
  await onGpu(buffers, async (gpu) => {
    const kernel = await StandardiseRows.create(gpu);
    await perform(gpu, "standardise examples", (work) => kernel.encode(work, tableOf(buffers, plan, rows)));
  });
}

/** Each feature by given statistics; see `standardiseFeatures`. */
export async function standardiseFeaturesOnGpu(
  buffers: WovenBuffers,
  plan: Plan,
  rows: number,
  { width, mean, deviation }: { width: number; mean: Float64Array; deviation: Float64Array },
): Promise<void> {
  const statistics = Float32Array.from({ length: 2 * width }, (_, i) => (i % 2 ? deviation : mean)[i >> 1] as number);
  await onGpu(buffers, async (gpu) => {
    const kernel = await NormaliseKernel.create(gpu);
    await perform(gpu, "standardise features", (work) => {
      const table = { ...tableOf(buffers, plan, rows), width };
      kernel.encode(work, table, { buffer: work.upload("statistics", statistics) }, EPSILON);
    });
  });
}

/** Each feature over the rows of the buffer. */
export async function standardiseBatchOnGpu(buffers: WovenBuffers, plan: Plan, rows: number): Promise<void> {
  await onGpu(buffers, async (gpu) => {
    const [statistics, normalise] = await Promise.all([StatisticsKernel.create(gpu), NormaliseKernel.create(gpu)]);
    await perform(gpu, "standardise a batch", (work) => {
      const table = tableOf(buffers, plan, rows);
      const moments = { buffer: work.temporary("moments", StatisticsKernel.resultBytes(table.width), USAGE.STORAGE) };
      statistics.encode(work, table, false, moments);
      normalise.encode(work, table, moments, EPSILON);
    });
  });
}

/** The projected values of every position. */
function tableOf({ inputs }: WovenBuffers, plan: Plan, rows: number): Table {
  return { values: inputs, rows, width: plan.outFeatures, stride: rowLength(plan) };
}

/** The buffers are nobody's if this fails. */
async function onGpu(buffers: WovenBuffers, work: (gpu: ReturnType<typeof gpuOf>) => Promise<void>): Promise<void> {
  try {
    await work(gpuOf(buffers.device));
  } catch (error) {
    destroyBuffers(buffers);
    throw error;
  }
}
