import type { WovenBuffers } from "../backend/backend.js";
import { USAGE } from "../backend/webgpu/buffers.js";
import { Gpu } from "../backend/webgpu/device.js";
import { InvalidOptionError } from "../errors.js";
import type { Sequences } from "./task-set.js";

const USAGES = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;

/** Puts arrays into buffers of a device that is the caller's; they are laid out as a WebGPU backend's own results. */
export class Uploader {
  readonly #gpu: Gpu;

  constructor(device: GPUDevice) {
    this.#gpu = Gpu.from(device);
  }

  /**
   * Inputs as they are, their bytes rounded up to a multiple of 4; targets and labels one u32 each. The buffers are the caller's.
   *
   * @throws InvalidOptionError when the inputs do not fit into one binding
   * @throws WebGpuError when the device is lost or its memory exhausted
   */
  async upload({ inputs, targets, labels }: Sequences): Promise<WovenBuffers> {
    const { device, limits } = this.#gpu;
    const bytes = inputs.data.byteLength;
    const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
    if (bytes > most) {
      const items = inputs.shape[0] as number;
      throw new InvalidOptionError("batchSize", items, `at most ${Math.floor((most / bytes) * items)} on this device`);
    }
    const contents = [
      ["inputs", wholeWords(inputs.data)],
      ["targets", Uint32Array.from(targets.data)],
      ...(labels ? [["labels", Uint32Array.from(labels.data)] as const] : []),
    ] as const;
    const made: GPUBuffer[] = [];
    try {
      for (const [name, { byteLength }] of contents)
        made.push(await this.#gpu.buffer(`loaded ${name}`, byteLength, USAGES));
      await this.#gpu.submit("upload", () => {
        for (const [i, [, data]] of contents.entries()) device.queue.writeBuffer(made[i] as GPUBuffer, 0, data);
      });
      const [inputBuffer, targetBuffer, labelBuffer] = made as [GPUBuffer, GPUBuffer, GPUBuffer?];
      const labelled = labelBuffer ? { labels: labelBuffer } : {};
      return { device, inputs: inputBuffer, targets: targetBuffer, ...labelled, bytes };
    } catch (error) {
      for (const buffer of made) buffer.destroy();
      throw error;
    }
  }
}

/** A buffer is written in words of 4 bytes: an odd number of float16 values gets a zero at its end. */
function wholeWords(data: Float32Array | Uint16Array): Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  if (data.byteLength % 4 === 0) return data as Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  const padded = new Uint16Array(data.length + 1);
  padded.set(data);
  return padded;
}
