import { InvalidOptionError } from "../../base/errors.js";
import type { Sequences } from "../../base/tensor.js";
import { destroyBuffers, type ItemBuffers } from "../backend.js";
import { Gpu } from "./device/device.js";
import { outputBuffers } from "./outputs.js";

/** Uploads arrays to a device of the caller. The buffers have the layout of a WebGPU backend's own results. */
export class Uploader {
  readonly #gpu: Gpu;

  constructor(device: GPUDevice) {
    this.#gpu = Gpu.from(device);
  }

  /**
   * Uploads a batch: inputs unchanged, their size rounded up to a multiple of 4 bytes; targets and labels as one u32 each.
   * The caller owns the buffers.
   *
   * @param into see `GpuWeaver`
   * @throws InvalidOptionError if the inputs do not fit into one binding
   * @throws WebGpuError if the device is lost or its memory is exhausted
   */
  async upload({ inputs, targets, labels }: Sequences, into?: ItemBuffers | undefined): Promise<ItemBuffers> {
    const { device, limits } = this.#gpu;
    const bytes = inputs.data.byteLength;
    const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
    if (bytes > most) {
      const items = inputs.shape[0] as number;
      throw new InvalidOptionError("batchSize", items, `at most ${Math.floor((most / bytes) * items)} on this device`);
    }
    const sizes = { bytes, integers: targets.data.length, labels: labels !== undefined };
    const woven = await outputBuffers(this.#gpu, "loaded", sizes, into);
    try {
      await this.#gpu.submit("upload", () => {
        device.queue.writeBuffer(woven.inputs, 0, wholeWords(inputs.data));
        device.queue.writeBuffer(woven.targets, 0, new Uint32Array(targets.data));
        if (labels && woven.labels) device.queue.writeBuffer(woven.labels, 0, new Uint32Array(labels.data));
      });
      return woven;
    } catch (error) {
      destroyBuffers(woven);
      throw error;
    }
  }
}

/** Appends a zero to an odd number of float16 values, because buffers are written in words of 4 bytes. */
function wholeWords(data: Float32Array | Uint16Array): Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  if (data.byteLength % 4 === 0) return data as Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  const padded = new Uint16Array(data.length + 1);
  padded.set(data);
  return padded;
}
