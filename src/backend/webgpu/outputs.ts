import { destroyBuffers, type ItemBuffers } from "../backend.js";
import { USAGE } from "./device/buffers.js";
import type { Gpu } from "./device/device.js";

/** The sizes of results: bytes of inputs, and the number of targets, and of labels where these are an array of their own. */
export interface OutputSizes {
  readonly bytes: number;
  readonly integers: number;
  readonly labels: boolean;
}

/**
 * Buffers for results: `into` if it is of this device and of exactly this size, else new ones. `into` is destroyed then.
 * So a buffer never says more than its batch has: libraries that take a GPUBuffer read its `size`.
 *
 * @param prefix begins the labels of the buffers
 * @throws WebGpuError `"out of memory"`
 */
export async function outputBuffers(
  gpu: Gpu,
  prefix: string,
  { bytes, integers, labels }: OutputSizes,
  into: ItemBuffers | undefined,
): Promise<ItemBuffers> {
  const { device } = gpu;
  const words = Math.ceil(bytes / 4) * 4;
  if (into) {
    const fits = into.inputs.size === words && into.targets.size === integers * 4 && labels === !!into.labels;
    if (into.device === device && fits) return { ...into, bytes };
    destroyBuffers(into);
  }
  const make = (name: string, size: number) =>
    gpu.buffer(`${prefix} ${name}`, size, USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST);
  const making = [make("inputs", words), make("targets", integers * 4)];
  if (labels) making.push(make("labels", integers * 4));
  try {
    const [inputs, targets, own] = (await Promise.all(making)) as [GPUBuffer, GPUBuffer, GPUBuffer?];
    return { device, inputs, targets, bytes, ...(own ? { labels: own } : {}) };
  } catch (error) {
    for (const one of making) one.then((buffer) => buffer.destroy()).catch(() => undefined);
    throw error;
  }
}
