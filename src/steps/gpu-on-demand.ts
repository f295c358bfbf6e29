import { orUnavailable } from "../backend/webgpu/load.js";
import type { GpuBatch, GpuTensor } from "../base/tensor.js";
import type { Matrix } from "./project.js";
import type { LinearProjection } from "./projection.js";

/** The steps of gpu.ts, which is loaded with the first of them that is called. */
type Steps = typeof import("./gpu.js");

let given: Steps | undefined;

/** Takes the steps from a static import: `taskloom/gpu` calls it. @internal */
export function giveSteps(steps: Steps): void {
  given = steps;
}

const load = async (): Promise<Steps> => given ?? orUnavailable(() => import("./gpu.js"));

/**
 * Makes rows `[start, stop)` of a projection's matrix, `[stop - start, inFeatures]` float32, on a device of the caller's:
 * the bits of `LinearProjection.matrix()`. The buffer has the usage STORAGE, COPY_SRC and COPY_DST and belongs to the
 * caller.
 *
 * @throws InvalidOptionError for rows that are not there, and for a matrix larger than a binding of the device
 * @throws WebGpuError when the device fails
 *
 * @example
 * ```ts
 * const a = await gpuMatrix(device, new LinearProjection({ seed: 42, task: 7, inFeatures: 784 }));
 * pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: a }] }));
 * ```
 */
export async function gpuMatrix(
  device: GPUDevice,
  projection: LinearProjection,
  start = 0,
  stop?: number,
): Promise<GpuTensor<"float32">> {
  return (await load()).gpuMatrix(device, projection, start, stop);
}

/**
 * Multiplies float32 examples with a matrix of the caller's, on a device of the caller's: `[n, columns]` values become
 * `[n, rows]`, within the bound of `project()`. The buffer belongs to the caller.
 *
 * @throws InvalidOptionError when the shapes do not fit together, or something does not fit into a binding of the device
 * @throws WebGpuError when the device fails
 *
 * @example
 * ```ts
 * const y = await gpuProject(device, { data: new Float32Array(6), shape: [2, 3] }, new Float32Array(12)); // y.shape: [4, 2]
 * ```
 */
export async function gpuProject(
  device: GPUDevice,
  matrix: Matrix,
  examples: Float32Array,
): Promise<GpuTensor<"float32">> {
  return (await load()).gpuProject(device, matrix, examples);
}

/**
 * Computes the mean and deviation of each feature of a batch, over its tasks and positions: `[width, 2]` float32, mean
 * first. Both are within `(80 + 24 * merges) * 2^-24 * max |x|` of the true ones, with about log2(rows) merges. The buffer
 * belongs to the caller.
 *
 * @param options `unbiased` divides by one less than there are rows, as `torch.std` does. Default false.
 * @throws InvalidOptionError for float16 inputs
 * @throws WebGpuError when the device fails
 *
 * @example
 * ```ts
 * for await (const batch of tasks.gpuBatches(dataset, { batchSize: 64 })) {
 *   await gpuNormalize(batch, await gpuStatistics(batch, { unbiased: true }));
 * }
 * ```
 */
export async function gpuStatistics(
  batch: Pick<GpuBatch, "device" | "inputs">,
  options: { unbiased?: boolean } = {},
): Promise<GpuTensor<"float32">> {
  return (await load()).gpuStatistics(batch, options);
}

/**
 * Replaces the inputs of a batch by `(x - mean) / (deviation + epsilon)`, feature by feature, in their buffer.
 *
 * @param statistics the result of `gpuStatistics`, for this batch or another one
 * @param options `epsilon` is added to each deviation. Default 1e-12.
 * @throws InvalidOptionError for float16 inputs, and for statistics of another width
 * @throws WebGpuError when the device fails
 *
 * @example
 * ```ts
 * const statistics = await gpuStatistics(first); // of the first batch, say, for all others
 * await gpuNormalize(batch, statistics, { epsilon: 1e-8 });
 * ```
 */
export async function gpuNormalize(
  batch: Pick<GpuBatch, "device" | "inputs">,
  statistics: GpuTensor<"float32">,
  options: { epsilon?: number } = {},
): Promise<void> {
  return (await load()).gpuNormalize(batch, statistics, options);
}
