import { USAGE, uploadTable } from "../backend/webgpu/device/buffers.js";
import type { Gpu } from "../backend/webgpu/device/device.js";
import { gpuOf } from "../backend/webgpu/device/device-gpu.js";
import { blocksOf, MatrixKernel } from "../backend/webgpu/kernels/matrix.js";
import { ProjectFloatKernel } from "../backend/webgpu/kernels/project-float.js";
import { bindingLimit } from "../backend/webgpu/kernels/ranges.js";
import { StandardizeFeaturesKernel } from "../backend/webgpu/kernels/standardize-features.js";
import { StatisticsKernel, type Table } from "../backend/webgpu/kernels/statistics.js";
import { perform } from "../backend/webgpu/kernels/work.js";
import { checkInteger, checkOptions } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";
import type { GpuBatch, GpuTensor } from "../base/tensor.js";
import { instantiate } from "../wasm/module.js";
import { checkBatch, checkDevice, checkProjection, checkTensor } from "./gpu-arguments.js";
import { checkProduct, type Matrix } from "./project.js";
import type { LinearProjection } from "./projection.js";

/**
 * Single steps on a device of the caller. Results are buffers with usage STORAGE, COPY_SRC and COPY_DST. They belong to the
 * caller and can be bound when the promise resolves. All functions reject with a `WebGpuError` if the device fails.
 */

const RESULT = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;

/**
 * Makes rows `[start, stop)` of a projection's matrix, `[stop - start, inFeatures]` float32. The bits are those of
 * `LinearProjection.matrix()`.
 *
 * @throws InvalidOptionError for rows outside the matrix, and for rows that do not fit into a binding of the device
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
  end?: number,
): Promise<GpuTensor<"float32">> {
  checkDevice("device", device);
  checkProjection(projection);
  checkInteger("start", start, 0, projection.outFeatures - 1);
  const stop = end === undefined ? projection.outFeatures : end;
  checkInteger("stop", stop, start + 1, projection.outFeatures);
  const gpu = gpuOf(device);
  const columns = projection.inFeatures;
  const rows = stop - start;
  checkSize("stop - start", rows, MatrixKernel.rowBytes(columns), gpu);
  const out = await result(gpu, "matrix", [rows, columns]);
  // PyTorch's words follow from each other, so a CPU makes a single matrix faster. It also gives PyTorch's bits.
  if (projection.identity || projection.generator === "torch") {
    const { data } = await projection.matrix(start, stop);
    await gpu.submit("matrix", () => device.queue.writeBuffer(out.buffer, 0, data));
    return out;
  }
  const { memory, normalTable } = await instantiate(0n);
  const table = await uploadTable(gpu, new Uint32Array(memory.buffer, normalTable(), 768).slice());
  try {
    const kernel = await MatrixKernel.create(gpu, table);
    await perform(gpu, "matrix", (work) => {
      const padded = MatrixKernel.rowBytes(columns);
      const dense = padded === columns * 4;
      const made = dense ? out.buffer : work.temporary("padded matrix", rows * padded, RESULT);
      const { seed, standardDeviation } = projection;
      const which = { seed, tasks: [projection.task as number], row: start, rows, columns };
      kernel.encode(work, which, Math.fround(standardDeviation / 4096), { buffer: made });
      for (let row = 0; row < rows && !dense; row++) {
        work.encoder.copyBufferToBuffer(made, row * padded, out.buffer, row * columns * 4, columns * 4);
      }
    });
  } catch (error) {
    out.buffer.destroy();
    throw error;
  } finally {
    table.destroy();
  }
  return out;
}

/**
 * Multiplies float32 examples with a matrix of the caller: `[n, columns]` values become `[n, rows]`, within the error bound
 * of `project()`.
 *
 * @throws InvalidOptionError if the shapes contradict each other, or if an array does not fit into a binding of the device
 */
export async function gpuProject(
  device: GPUDevice,
  matrix: Matrix,
  examples: Float32Array,
): Promise<GpuTensor<"float32">> {
  checkDevice("device", device);
  const { rows, columns, count } = checkProduct(matrix, examples);
  if (count === 0) throw new InvalidOptionError("examples.length", 0, `a multiple of ${columns} above 0`);
  const gpu = gpuOf(device);
  const blocks = blocksOf(columns);
  const stride = Math.ceil(columns / 4) * 4;
  checkSize("matrix.shape[0]", rows, blocks * 64, gpu);
  checkSize("examples.length / columns", count, Math.max(stride, rows) * 4, gpu);
  const kernel = await ProjectFloatKernel.create(gpu, count);
  const out = await result(gpu, "projected", [count, rows]);
  try {
    await perform(gpu, "project", (work) => {
      const range = {
        tasks: 1,
        first: 0,
        positions: count,
        columns,
        rows,
        shared: true,
        position: 0,
        column: 0,
        stride: rows,
        scale: 1,
      };
      kernel.encode(work, range, {
        examples: { buffer: work.upload("examples", padRows(examples, columns, stride)) },
        indices: {
          buffer: work.upload(
            "indices",
            Uint32Array.from({ length: count }, (_, i) => i),
          ),
        },
        matrices: { buffer: work.upload("matrix", padRows(matrix.data, columns, blocks * 16)) },
        out: { buffer: out.buffer },
      });
    });
  } catch (error) {
    out.buffer.destroy();
    throw error;
  }
  return out;
}

/**
 * Computes the mean and deviation of each feature of a batch, over its tasks and positions: `[width, 2]` float32, mean
 * first. The error of both is at most `(80 + 24 * merges) * 2^-24 * max |x|`, with about log2(rows) merges; see
 * StatisticsKernel.
 *
 * @param unbiased true to divide by the number of rows minus one, like `torch.std`. Default false
 * @throws InvalidOptionError for float16 inputs
 */
export async function gpuStatistics(
  batch: Pick<GpuBatch, "device" | "inputs">,
  options: { unbiased?: boolean } = {},
): Promise<GpuTensor<"float32">> {
  checkBatch(batch);
  checkOptions<{ unbiased?: boolean }>(options, { unbiased: true });
  const { unbiased = false } = options;
  if (typeof unbiased !== "boolean") throw new InvalidOptionError("unbiased", unbiased, "true or false");
  const gpu = gpuOf(batch.device);
  const table = tableOf(batch.inputs);
  const kernel = await StatisticsKernel.create(gpu);
  const out = await result(gpu, "statistics", [table.width, 2]);
  try {
    await perform(gpu, "statistics", (work) => kernel.encode(work, table, unbiased, { buffer: out.buffer }));
  } catch (error) {
    out.buffer.destroy();
    throw error;
  }
  return out;
}

/**
 * Replaces the inputs of a batch by `(x - mean) / (deviation + epsilon)`, feature by feature.
 *
 * @param statistics a result of `gpuStatistics`, for this batch or another one
 * @throws InvalidOptionError for float16 inputs, and for statistics of another width
 */
export async function gpuNormalize(
  batch: Pick<GpuBatch, "device" | "inputs">,
  statistics: GpuTensor<"float32">,
  options: { epsilon?: number } = {},
): Promise<void> {
  checkBatch(batch);
  checkTensor("statistics", statistics);
  checkOptions<{ epsilon?: number }>(options, { epsilon: true });
  const { epsilon = 1e-12 } = options;
  if (!Number.isFinite(epsilon)) throw new InvalidOptionError("epsilon", epsilon, "a finite number");
  const gpu = gpuOf(batch.device);
  const table = tableOf(batch.inputs);
  if (statistics.shape[0] !== table.width || statistics.shape[1] !== 2) {
    throw new InvalidOptionError("statistics.shape", statistics.shape, `[${table.width}, 2], as the inputs have it`);
  }
  const kernel = await StandardizeFeaturesKernel.create(gpu);
  await perform(gpu, "standardize features", (work) =>
    kernel.encode(work, table, { buffer: statistics.buffer }, epsilon),
  );
}

function tableOf({ dtype, shape, buffer }: GpuTensor): Table {
  if (dtype !== "float32") throw new InvalidOptionError("inputs.dtype", dtype, '"float32"');
  const width = shape.at(-1) ?? 0;
  return { values: buffer, rows: shape.slice(0, -1).reduce((a, b) => a * b, 1), width, stride: width };
}

async function result(gpu: Gpu, label: string, shape: readonly number[]): Promise<GpuTensor<"float32">> {
  const size = shape.reduce((a, b) => a * b, 4);
  return { dtype: "float32", shape, buffer: await gpu.buffer(label, size, RESULT), offset: 0, size };
}

/** Pads rows of `from` values with zeros to rows of `to` values. */
function padRows(data: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return data;
  const rows = data.length / from;
  const padded = new Float32Array(rows * to);
  for (let row = 0; row < rows; row++) padded.set(data.subarray(row * from, (row + 1) * from), row * to);
  return padded;
}

function checkSize(option: string, rows: number, rowBytes: number, gpu: Gpu): void {
  const most = Math.floor(bindingLimit(gpu.limits) / rowBytes);
  if (rows > most) throw new InvalidOptionError(option, rows, `at most ${most} in a binding of this device`);
}
