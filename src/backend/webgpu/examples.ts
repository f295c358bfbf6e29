import type { Loans } from "./buffers.js";
import { USAGE } from "./buffers.js";
import type { Gpu } from "./device.js";

/** Bytes of an upload at a time, which is what the driver copies aside. */
const SLICE = 16 * 2 ** 20;

/** Bytes of a uint8 example on the GPU: whole key-stream blocks of 16. */
export function exampleBytes(features: number): number {
  return Math.ceil(features / 16) * 16;
}

/** The examples of a batch: where they are, and the number there of each position's. */
export interface Gathered {
  readonly buffer: GPUBuffer;
  readonly indices: Uint32Array<ArrayBuffer>;
  /** Writes what is not there yet, through the queue. */
  write(): void;
}

/**
 * The uint8 examples of a dataset for shaders: as stored, each padded with zeros to whole blocks of 16 bytes. All of them
 * in one buffer where one binding can hold that; otherwise those of each batch are uploaded with it.
 */
export class ByteExamples {
  readonly #gpu: Gpu;
  readonly #images: Uint8Array;
  readonly #features: number;
  readonly #stride: number;
  readonly #all: GPUBuffer | undefined;

  /** @throws WebGpuError `"out of memory"`. */
  static async upload(gpu: Gpu, images: Uint8Array, features: number): Promise<ByteExamples> {
    const bytes = (images.length / features) * exampleBytes(features);
    const fits = bytes <= Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize);
    const all = fits ? await gpu.buffer("examples", bytes, USAGE.STORAGE | USAGE.COPY_DST) : undefined;
    const examples = new ByteExamples(gpu, images, features, all);
    if (all) await gpu.submit("upload of the examples", () => examples.#writeAll(all));
    return examples;
  }

  private constructor(gpu: Gpu, images: Uint8Array, features: number, all: GPUBuffer | undefined) {
    this.#gpu = gpu;
    this.#images = images;
    this.#features = features;
    this.#stride = exampleBytes(features);
    this.#all = all;
  }

  /** Positions of a batch at most, as far as it depends on its examples. */
  get maxPositions(): number {
    if (this.#all) return Number.POSITIVE_INFINITY;
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#gpu.limits;
    return Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize, 4 * SLICE) / this.#stride);
  }

  async gather(indices: Uint32Array<ArrayBuffer>, loans: Loans): Promise<Gathered> {
    if (this.#all) return { buffer: this.#all, indices, write: () => undefined };
    const buffer = await loans.take(
      "examples of a batch",
      indices.length * this.#stride,
      USAGE.STORAGE | USAGE.COPY_DST,
    );
    return {
      buffer,
      indices: Uint32Array.from(indices, (_, i) => i),
      write: () =>
        this.#gpu.device.queue.writeBuffer(
          buffer,
          0,
          this.#pad((i) => indices[i] as number, indices.length),
        ),
    };
  }

  destroy(): void {
    this.#all?.destroy();
  }

  #writeAll(buffer: GPUBuffer): void {
    const examples = this.#images.length / this.#features;
    const perSlice = Math.max(1, Math.floor(SLICE / this.#stride));
    for (let first = 0; first < examples; first += perSlice) {
      const padded = this.#pad((i) => first + i, Math.min(perSlice, examples - first));
      this.#gpu.device.queue.writeBuffer(buffer, first * this.#stride, padded);
    }
  }

  /** A copy also where nothing is padded: the queue takes no shared memory everywhere. */
  #pad(example: (i: number) => number, count: number): Uint8Array<ArrayBuffer> {
    const padded = new Uint8Array(count * this.#stride);
    for (let i = 0; i < count; i++) {
      const from = example(i) * this.#features;
      padded.set(this.#images.subarray(from, from + this.#features), i * this.#stride);
    }
    return padded;
  }
}
