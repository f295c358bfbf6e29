import { InvalidOptionError } from "../base/errors.js";
import type { GpuBatch, GpuTensor } from "../base/tensor.js";
import { isDevice } from "../plan/schemas.js";
import { LinearProjection } from "./projection.js";

/** Checks of what the single steps on a device are given. All of them throw an InvalidOptionError that names the argument. */

/** A device of the caller, known by its properties. */
export function checkDevice(name: string, device: unknown): asserts device is GPUDevice {
  if (!isDevice(device)) throw new InvalidOptionError(name, device, "a GPUDevice");
}

/** A projection, which this package makes. */
export function checkProjection(projection: unknown): asserts projection is LinearProjection {
  if (projection instanceof LinearProjection) return;
  throw new InvalidOptionError("projection", projection, "a LinearProjection");
}

/** An array in a buffer. */
export function checkTensor(name: string, tensor: unknown): asserts tensor is GpuTensor {
  const { shape, buffer } = (tensor ?? {}) as Partial<GpuTensor>;
  if (Array.isArray(shape) && typeof buffer === "object" && buffer !== null) return;
  throw new InvalidOptionError(name, tensor, "an array in a GPU buffer: { dtype, shape, buffer, offset, size }");
}

/** A batch in buffers. */
export function checkBatch(batch: unknown): asserts batch is Pick<GpuBatch, "device" | "inputs"> {
  if (typeof batch !== "object" || batch === null || !("inputs" in batch) || !("device" in batch)) {
    throw new InvalidOptionError("batch", batch, "a batch of gpuBatches(), with inputs and device");
  }
  checkDevice("batch.device", batch.device);
  checkTensor("batch.inputs", batch.inputs);
}
