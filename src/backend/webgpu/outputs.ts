import { destroyBuffers, type ItemBuffers } from "../backend.js";
import { USAGE } from "./device/buffers.js";
import type { Gpu } from "./device/device.js";

/** What results take: bytes of inputs, and integers of targets and, where labels are an array of their own, of those. */
export interface OutputSizes {
  readonly bytes: number;
  readonly integers: number;
  readonly labels: boolean;
}

/**
 * Buffers for results: `into`, used up before, if it is of this device and large enough. It is destroyed otherwise.
 *
 * @param prefix of the buffers' labels
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
    const large = into.inputs.size >= words && into.targets.size >= integers * 4;
    if (into.device === device && large && labels === !!into.labels) return { ...into, bytes };
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
