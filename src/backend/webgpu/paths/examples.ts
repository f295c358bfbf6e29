import type { Dataset } from "../../../dataset/index.js";
import type { Loans } from "../device/buffers.js";
import { USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";

/** Bytes of one upload. The driver keeps a copy of each upload, so slices bound its memory. */
const SLICE = 16 * 2 ** 20;
const UPLOADED = USAGE.STORAGE | USAGE.COPY_DST;

/** Returns the bytes of an example on the GPU: whole blocks. */
export function exampleBytes(bytes: number, blockBytes = 16): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}

/** Bytes of a value, and of a key-stream block of 16 values. */
export const INTEGERS = {
  uint8: { valueBytes: 1, blockBytes: 16 },
  int16: { valueBytes: 2, blockBytes: 32 },
} as const;

/** The form of examples on the GPU. */
export interface ExampleForm {
  /** Bytes of a block, to which examples are padded. Default 16. */
  readonly blockBytes?: number;
  /** Value of the padding of int16 examples. Default 0. */
  readonly padding?: number;
  /** `capacity` of `blockMasks`. Default 0 for no masks. */
  readonly maskCapacity?: number;
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
 * Computes the masks of padded examples: one bit for each block, 1 if some byte of it is nonzero. Each mask
 * has room for `capacity + 1` bits. These are `masks` of shaders/project-tile.wgsl; `capacity` is its SKIP.
 */
export function blockMasks(
  padded: Uint8Array<ArrayBuffer>,
  stride: number,
  capacity: number,
  blockBytes = 16,
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(padded.buffer, padded.byteOffset, padded.length / 4);
  const blocks = stride / blockBytes;
  const perBlock = blockBytes / 4;
  const perExample = maskWords(capacity);
  const masks = new Uint32Array((padded.length / stride) * perExample);
  for (let example = 0, at = 0; at < words.length; example++) {
    for (let block = 0; block < blocks; block++) {
      let any = 0;
      for (const end = at + perBlock; at < end; at++) any |= words[at] as number;
      if (any === 0) continue;
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
 * The examples of a dataset for shaders, as bytes, each padded to whole blocks. If one binding can hold all examples, they
 * are uploaded once; otherwise each dispatch uploads its own.
 */
export class ByteExamples {
  readonly #gpu: Gpu;
  readonly #images: Uint8Array;
  readonly #bytes: number;
  readonly #stride: number;
  readonly #form: Required<ExampleForm>;
  /** The whole dataset and its masks; undefined if it does not fit into one binding. */
  #all: { readonly buffer: GPUBuffer; readonly masks: GPUBuffer | undefined } | undefined;

  /**
   * Uploads the examples.
   *
   * @param each bytes of an example
   * @throws WebGpuError `"out of memory"`
   */
  static async upload(
    gpu: Gpu,
    images: Uint8Array,
    each: number,
    { blockBytes = 16, padding = 0, maskCapacity = 0 }: ExampleForm = {},
  ): Promise<ByteExamples> {
    const bytes = (images.length / each) * exampleBytes(each, blockBytes);
    const fits = bytes <= Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize);
    const examples = new ByteExamples(gpu, images, each, { blockBytes, padding, maskCapacity });
    if (fits) await examples.#uploadAll(bytes);
    return examples;
  }

  private constructor(gpu: Gpu, images: Uint8Array, each: number, form: Required<ExampleForm>) {
    this.#gpu = gpu;
    this.#images = images;
    this.#bytes = each;
    this.#stride = exampleBytes(each, form.blockBytes);
    this.#form = form;
  }

  /** Capacity of the masks; 0 without masks, and if no block of any example is zero. */
  get maskCapacity(): number {
    return this.#all && !this.#all.masks ? 0 : this.#form.maskCapacity;
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
    const capacity = this.#form.maskCapacity;
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
        if (masks) queue.writeBuffer(masks, 0, this.#masksOf(padded));
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
    const examples = this.#images.length / this.#bytes;
    const perSlice = Math.max(1, Math.floor(SLICE / this.#stride));
    const masks: Uint32Array<ArrayBuffer>[] = [];
    for (let first = 0; first < examples; first += perSlice) {
      const padded = this.#pad((i) => first + i, Math.min(perSlice, examples - first));
      this.#gpu.device.queue.writeBuffer(buffer, first * this.#stride, padded);
      if (this.#form.maskCapacity) masks.push(this.#masksOf(padded));
    }
    return masks;
  }

  #masksOf(padded: Uint8Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    return blockMasks(padded, this.#stride, this.#form.maskCapacity, this.#form.blockBytes);
  }

  /** Tells whether a block of some example is zero. */
  #hasZero(masks: Uint32Array): boolean {
    const blocks = this.#stride / this.#form.blockBytes;
    const words = maskWords(this.#form.maskCapacity);
    return masks.some((mask, i) => {
      const first = 32 * (i % words);
      const all = blocks - first >= 32 ? 0xffffffff : 2 ** Math.max(0, blocks - first) - 1;
      return mask !== all;
    });
  }

  /** Copies examples even if none is padded, because the queue of some hosts does not accept shared memory. */
  #pad(example: (i: number) => number, count: number): Uint8Array<ArrayBuffer> {
    const padded = new Uint8Array(count * this.#stride);
    const { padding } = this.#form;
    if (padding !== 0) new Int16Array(padded.buffer).fill(padding);
    for (let i = 0; i < count; i++) {
      const from = example(i) * this.#bytes;
      padded.set(this.#images.subarray(from, from + this.#bytes), i * this.#stride);
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
  if (!(images instanceof Float32Array)) throw new TypeError("float paths take float32 examples");
  return bytesOf(images);
}

/**
 * Returns the bytes of uint8 examples, or of int16 ones for the paths that take them.
 *
 * @throws TypeError for other examples: a defect in the choice of the path
 */
export function integerBytes({ images }: Dataset, dtype: "uint8" | "int16"): Uint8Array {
  if (images instanceof Uint8Array && dtype === "uint8") return images;
  if (images instanceof Int16Array && dtype === "int16") return bytesOf(images);
  throw new TypeError(`this path takes ${dtype} examples`);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
