import type { Dataset } from "../../../dataset/index.js";
import type { Loans } from "../device/buffers.js";
import { USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";

/** Bytes of one upload. The driver keeps a copy of each upload, so slices bound its memory. */
const SLICE = 16 * 2 ** 20;
const UPLOADED = USAGE.STORAGE | USAGE.COPY_DST;

/** Returns the bytes of a uint8 example on the GPU: whole key-stream blocks of 16. */
export function exampleBytes(features: number): number {
  return Math.ceil(features / 16) * 16;
}

/** The examples of a dispatch in a buffer. */
export interface Gathered {
  readonly buffer: GPUBuffer;
  /** The masks of the examples, if they have masks. */
  readonly masks: GPUBuffer | undefined;
  /** The place of each position's example in `buffer`. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** Writes the examples through the queue, unless they are uploaded already. */
  write(): void;
}

/**
 * Computes the masks of padded examples: one bit for each block of 16 bytes, 1 if some byte of it is nonzero. Each mask
 * has room for `capacity + 1` bits. These are `masks` of shaders/project-tile.wgsl; `capacity` is its SKIP.
 */
export function blockMasks(
  padded: Uint8Array<ArrayBuffer>,
  stride: number,
  capacity: number,
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(padded.buffer, padded.byteOffset, padded.length / 4);
  const blocks = stride / 16;
  const perExample = maskWords(capacity);
  const masks = new Uint32Array((padded.length / stride) * perExample);
  for (let example = 0, at = 0; at < words.length; example++) {
    for (let block = 0; block < blocks; block++, at += 4) {
      if (
        ((words[at] as number) | (words[at + 1] as number) | (words[at + 2] as number) | (words[at + 3] as number)) ===
        0
      )
        continue;
      const word = example * perExample + (block >>> 5);
      masks[word] = (masks[word] as number) | (1 << (block & 31));
    }
  }
  return masks;
}

function maskWords(capacity: number): number {
  return Math.floor(capacity / 32) + 1;
}

/**
 * The uint8 examples of a dataset for shaders, each padded with zeros to whole blocks of 16 bytes. If one binding can hold
 * all examples, they are uploaded once; otherwise each dispatch uploads its own.
 */
export class ByteExamples {
  readonly #gpu: Gpu;
  readonly #images: Uint8Array;
  readonly #features: number;
  readonly #stride: number;
  readonly #maskCapacity: number;
  /** The whole dataset and its masks; undefined if it does not fit into one binding. */
  #all: { readonly buffer: GPUBuffer; readonly masks: GPUBuffer | undefined } | undefined;

  /**
   * Uploads the examples.
   *
   * @param maskCapacity `capacity` of `blockMasks`; 0 for no masks
   * @throws WebGpuError `"out of memory"`
   */
  static async upload(
    gpu: Gpu,
    images: Uint8Array,
    features: number,
    { maskCapacity = 0 } = {},
  ): Promise<ByteExamples> {
    const bytes = (images.length / features) * exampleBytes(features);
    const fits = bytes <= Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize);
    const examples = new ByteExamples(gpu, images, features, maskCapacity);
    if (fits) await examples.#uploadAll(bytes);
    return examples;
  }

  private constructor(gpu: Gpu, images: Uint8Array, features: number, maskCapacity: number) {
    this.#gpu = gpu;
    this.#images = images;
    this.#features = features;
    this.#stride = exampleBytes(features);
    this.#maskCapacity = maskCapacity;
  }

  /** Capacity of the masks; 0 without masks, and if no block of any example is zero. */
  get maskCapacity(): number {
    return this.#all && !this.#all.masks ? 0 : this.#maskCapacity;
  }

  /** The most positions whose examples fit into a dispatch. */
  get maxPositions(): number {
    if (this.#all) return Number.POSITIVE_INFINITY;
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#gpu.limits;
    return Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize, 4 * SLICE) / this.#stride);
  }

  /** Takes the buffers for the examples of some positions. */
  async gather(indices: Uint32Array<ArrayBuffer>, loans: Loans): Promise<Gathered> {
    if (this.#all) return { ...this.#all, indices, write: () => undefined };
    const bytes = indices.length * this.#stride;
    const buffer = await loans.take("examples of a batch", bytes, UPLOADED);
    const capacity = this.#maskCapacity;
    const masks = capacity
      ? await loans.take("masks of a batch", indices.length * maskWords(capacity) * 4, UPLOADED)
      : undefined;
    return {
      buffer,
      masks,
      indices: Uint32Array.from(indices, (_, i) => i),
      write: () => {
        const padded = this.#pad((i) => indices[i] as number, indices.length);
        const { queue } = this.#gpu.device;
        queue.writeBuffer(buffer, 0, padded);
        if (masks) queue.writeBuffer(masks, 0, blockMasks(padded, this.#stride, capacity));
      },
    };
  }

  destroy(): void {
    this.#all?.buffer.destroy();
    this.#all?.masks?.destroy();
  }

  async #uploadAll(bytes: number): Promise<void> {
    const gpu = this.#gpu;
    const buffer = await gpu.buffer("examples", bytes, UPLOADED);
    this.#all = { buffer, masks: undefined };
    try {
      let slices: Uint32Array<ArrayBuffer>[] = [];
      await gpu.submit("upload of the examples", () => {
        slices = this.#writeAll(buffer);
      });
      if (!slices.some((masks) => this.#hasZero(masks))) return;
      const masks = await gpu.buffer(
        "masks",
        slices.reduce((sum, slice) => sum + slice.byteLength, 0),
        UPLOADED,
      );
      this.#all = { buffer, masks };
      await gpu.submit("upload of the masks", () => {
        let at = 0;
        for (const slice of slices) {
          gpu.device.queue.writeBuffer(masks, at, slice);
          at += slice.byteLength;
        }
      });
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  /** Writes all examples. Returns their masks, one array a slice; no arrays without masks. */
  #writeAll(buffer: GPUBuffer): Uint32Array<ArrayBuffer>[] {
    const examples = this.#images.length / this.#features;
    const perSlice = Math.max(1, Math.floor(SLICE / this.#stride));
    const masks: Uint32Array<ArrayBuffer>[] = [];
    for (let first = 0; first < examples; first += perSlice) {
      const padded = this.#pad((i) => first + i, Math.min(perSlice, examples - first));
      this.#gpu.device.queue.writeBuffer(buffer, first * this.#stride, padded);
      if (this.#maskCapacity) masks.push(blockMasks(padded, this.#stride, this.#maskCapacity));
    }
    return masks;
  }

  /** Tells whether a block of some example is zero. */
  #hasZero(masks: Uint32Array): boolean {
    const blocks = this.#stride / 16;
    const words = maskWords(this.#maskCapacity);
    return masks.some((mask, i) => {
      const first = 32 * (i % words);
      const all = blocks - first >= 32 ? 0xffffffff : 2 ** Math.max(0, blocks - first) - 1;
      return mask !== all;
    });
  }

  /** Copies examples even if none is padded, because the queue of some hosts does not accept shared memory. */
  #pad(example: (i: number) => number, count: number): Uint8Array<ArrayBuffer> {
    const padded = new Uint8Array(count * this.#stride);
    for (let i = 0; i < count; i++) {
      const from = example(i) * this.#features;
      padded.set(this.#images.subarray(from, from + this.#features), i * this.#stride);
    }
    return padded;
  }
}

/**
 * Returns the bytes of float32 examples, for `ByteExamples`: padding to 16 bytes gives whole vec4f.
 *
 * @throws TypeError for uint8 examples: a defect in the choice of the path
 */
export function floatBytes({ images }: Dataset): Uint8Array {
  if (images instanceof Uint8Array) throw new TypeError("float paths take float32 examples");
  return new Uint8Array(images.buffer, images.byteOffset, images.byteLength);
}

/**
 * Returns the uint8 examples of a dataset.
 *
 * @throws TypeError for float32 examples: a defect in the choice of the path
 */
export function images(dataset: Dataset): Uint8Array {
  if (dataset.images instanceof Uint8Array) return dataset.images;
  throw new TypeError("exact paths take uint8 examples");
}
