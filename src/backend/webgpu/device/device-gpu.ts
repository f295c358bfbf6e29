import { Gpu } from "./device.js";

/** One `Gpu` for each device, so that its compiled kernels are kept. */
const devices = new WeakMap<GPUDevice, Gpu>();

/** Returns the `Gpu` of a caller's device, for single steps. */
export function gpuOf(device: GPUDevice): Gpu {
  const gpu = devices.get(device) ?? Gpu.from(device);
  devices.set(device, gpu);
  return gpu;
}
