import { Gpu } from "./device.js";

/** Compiled kernels are kept with their device. */
const devices = new WeakMap<GPUDevice, Gpu>();

/** A device that somebody else keeps, for single steps. */
export function gpuOf(device: GPUDevice): Gpu {
  const gpu = devices.get(device) ?? Gpu.from(device);
  devices.set(device, gpu);
  return gpu;
}
